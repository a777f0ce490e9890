"""The operator's handbook in docs/handbook: its table of keys is made from the console's own."""
