"""What the spool's file looks like after a power cut: recorded, imagined, opened, judged."""
