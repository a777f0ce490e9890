"""What the hub wants of this box: kept, in force, told."""
