"""A seeded fuzz of cuts, restarts, late data and wrong clocks, held against what was measured when."""
