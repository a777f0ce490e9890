"""Picture and voice of a call: a process of its own that may die alone."""
