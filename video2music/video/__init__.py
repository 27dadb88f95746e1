"""Reading, probing and muxing of video files."""
