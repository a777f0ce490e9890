"""Numbers, by `./run bench NAME`: real processes, one JSON object with `--json -`, never a gate on time."""
