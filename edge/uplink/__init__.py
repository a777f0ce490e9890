"""From the spool to the hub: urgent first, exactly once."""
