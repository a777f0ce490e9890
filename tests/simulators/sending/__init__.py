"""Calls over a poor link in virtual time: our real sender, a browser's receiver, and whoever else is on the
link. No socket, no thread, no clock: an hour of a bad day passes in less than a minute, and always alike.

`calls.py` has the entry, `report.py` what comes out; `python -m tests.simulators.sending PROFILE` prints it.
"""
