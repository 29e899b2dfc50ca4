"""The patient's story: a plan told in plain words and pictures, and the take-home page and leaflet."""
