"""What the instruments say becomes drafts and records."""
