"""The soak: stations on one hub, disturbed at random, and a ledger of what really happened.

`ledger` is what was seen from outside, `holdings` what the hub has, `check` and `sample_check` hold one
against the other; all pure. `read_spool` and `read_store` read the files. `unit` is a station with its
ledger, `hub_side` the hub with broker, backups and wall clock, `disturbances` what befalls them, `fleet` and
`rounds` run it all.
"""
