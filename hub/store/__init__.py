"""What the hub keeps, and how it is asked for it."""
