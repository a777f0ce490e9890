"""The hub's data into a folder while it runs, and back into a hub."""
