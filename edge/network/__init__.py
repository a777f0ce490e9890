"""The ways to the hub: which link is used, what each costs, and what is the matter with it."""
