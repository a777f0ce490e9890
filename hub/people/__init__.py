"""Who may use the console: accounts, sessions, and what they did."""
