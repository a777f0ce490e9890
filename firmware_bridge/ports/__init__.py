"""Serial ports: which there are, who owns them, and which instrument is behind each."""
