"""A whole hub under a simulated fleet: mosquitto, `hub serve`, `hub simulate`, and their accounts."""
