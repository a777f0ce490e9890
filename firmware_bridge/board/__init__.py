"""Our own board: its messages, its link, its clock, its button. Source: docs/board-link.md."""
