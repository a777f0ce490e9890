"""How the box is, told to the hub and to whoever stands before it."""
