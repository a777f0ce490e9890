"""One port for everything, where networks let nothing else pass: which program stands there, and its words.

HAProxy looks at the first words of each connection and passes it on, unopened: to the broker, to the console,
or to coturn, the relay of picture and voice. Source: docs/adr/0055-one-port-for-everything.md.
"""
