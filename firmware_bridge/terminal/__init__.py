"""`device …`: the bridge for people at a terminal."""
