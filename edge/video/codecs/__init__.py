"""VP8 and Opus through the libraries that av carries, held against what we know of them at start."""
