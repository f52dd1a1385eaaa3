"""Web pages: what a page tells of its article, and the article's text. What it doesn't tell is None, not guessed."""
