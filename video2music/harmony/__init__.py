"""Chord vocabulary and parsing, keys, voicing."""
