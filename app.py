"""Starts the web app; Hugging Face Spaces runs this file."""

if __name__ == "__main__":  # processes that work import this file too, and none of what serves the page
    from video2music.web.start import main

    main()
