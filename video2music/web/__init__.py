"""The web page: the only room that knows Gradio. One file per tab; `app` puts them together and serves them."""
