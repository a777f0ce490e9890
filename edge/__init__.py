"""The box: captures, keeps, sends, calls."""
