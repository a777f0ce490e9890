"""What the hub asks this box to do once."""
