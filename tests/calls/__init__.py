"""The call as it really runs: hub, broker, boxes and pages are killed, presses are followed."""
