"""The past of a station, visit by visit: what was measured, drawn again. Nothing crosses a visit."""
