"""The station's side of a call."""
