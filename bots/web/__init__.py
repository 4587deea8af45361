"""The web chat: a page and the JSON API behind it."""
