"""Damage done to the frames of simulated instruments, and what their decoders make of it."""
