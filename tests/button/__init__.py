"""Presses through every accident: the board's real firmware, the box's real link and spool, a virtual time.

`./run bench button` runs it; `campaign` is what happens when, `accounts` is what must have come of it.
"""
