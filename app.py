"""Starts the web app; Hugging Face Spaces runs this file."""

from video2music.web.app import main

if __name__ == "__main__":
    main()
