"""The media meeting of a call: who is in it, and how they find one another."""
