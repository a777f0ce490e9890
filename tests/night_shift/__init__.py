"""One night shift of the call centre with three stations, played on the real parts (docs/night-shift.md)."""
