"""Whole villages: real processes over real mosquitto, and Chromium before the console."""
