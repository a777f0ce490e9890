"""A whole small world on one machine: broker, hub, stations with boards. Demo and system tests use it."""
