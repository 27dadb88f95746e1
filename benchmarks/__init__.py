"""Measurements: how fast, and how good, each beside what it has to beat."""
