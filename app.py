"""Starts the web app; Hugging Face Spaces runs this file."""

from video2music.web.start import main

if __name__ == "__main__":
    main()
