"""The box's durable queue."""
