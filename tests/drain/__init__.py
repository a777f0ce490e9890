"""A box behind a poor link with much to send: its backlog, the presses meanwhile, and a picture of both."""
