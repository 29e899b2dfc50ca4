"""Tests of TwinSight; they mirror the packages and are never shipped."""
