"""Papers to print: transfer letters and minutes as PDF, drawn to scale."""
