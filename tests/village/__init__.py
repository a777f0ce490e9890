"""A whole small world on one machine: a broker, a hub, and stations with boards. The demo and the system tests use it."""
