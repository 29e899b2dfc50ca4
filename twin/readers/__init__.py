"""Readers: from files of a scanner or of another program to volumes and label layers."""
