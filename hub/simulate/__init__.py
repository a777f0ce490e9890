"""A fleet that is none: stations that speak the real contract to a real broker, to look at and to measure."""
