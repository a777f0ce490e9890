"""Figures of the running hub for Prometheus."""
