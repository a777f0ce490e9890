"""A call button on the box itself."""
