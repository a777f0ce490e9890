"""A call whose link has other things to carry: the parts of `./run bench bad_day` and `./run bench backlog`.

A station that owes hours of records calls, and `edge vitals` goes on sending them (`laden_call.py`). The page
is looked at each second, buttons are pressed (`watch.py`), and `figures.py` reckons what came of it.
"""
