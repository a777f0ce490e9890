"""What the hub advises for the people seen at this station: kept, shown on the panel, printed."""
