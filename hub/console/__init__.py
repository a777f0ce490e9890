"""The web console: pages, live views, words."""
