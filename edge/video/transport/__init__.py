"""The two connections with a page: pacing, feedback, repair, and when a path is lost."""
