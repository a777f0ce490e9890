"""The program of our own board, in the words that MicroPython 1.25 and Python 3.11 share.

`board` is the link and everything that must not be lost, `ecg` and `pleth` are the front ends, `app` is the
loop over a `hal`, `main` the RP2040 under it. Only `main` knows hardware; the rest is told the time and the
levels.
"""
