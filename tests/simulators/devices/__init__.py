"""Commodity instruments, simulated: one file a driver's file, found by name."""
