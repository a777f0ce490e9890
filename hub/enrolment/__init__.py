"""How a box comes to be the box of a station: codes, numbers on panels, renewals, and the end of it."""
