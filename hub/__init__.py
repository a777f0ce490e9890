"""The centre: ingest, store, fleet, calls, console."""
