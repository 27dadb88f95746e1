"""What the program sees in a video: semantics, emotion, scene cuts and motion, one row per second."""
