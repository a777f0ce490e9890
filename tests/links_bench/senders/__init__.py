"""Senders to compare with, each a process at the station's end of the link.

They say `{"offer": SDP}` on standard output, take `{"answer": SDP}` on standard input, send the clip, say
`{"target_bps": …}` each second where they know it, and end with their input.
"""
