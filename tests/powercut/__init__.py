"""A box whose power is cut: what the block device under it may hold then, and machines that are killed."""
