"""Training of the embedded engine: music rendered from notes, a teacher that hears moods, ratings of listeners."""
