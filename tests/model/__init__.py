"""The call as a model: both real tables, walked through and joined by a wire that loses, doubles and delays.

Nothing here waits, opens a socket or asks a clock; time is a number. What really runs is followed by
`tests/calls/`.
"""
