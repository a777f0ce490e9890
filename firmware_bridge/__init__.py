"""Serial bytes in, typed events out. Knows neither the spool nor the network."""
