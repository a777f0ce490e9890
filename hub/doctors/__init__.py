"""Doctors who are brought into a call: who there is, and in which order they are asked."""
