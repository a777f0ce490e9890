"""`./run demo`: the village, with a person at the keys."""
