"""MQTT 5 without sockets: the packets of a stream, and the hub's session with its broker."""
