"""The built image, booted: a machine with real USB, input and watchdog, and a hub outside it."""
