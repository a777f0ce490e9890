"""The hub's one port for everything, where networks let nothing else pass (core).

Who is wanted stands in the first message of a connection, as the name of a protocol (ALPN, RFC 7301; names
of IANA's list). Said at the ordinary ports too, where nobody asks. Source:
docs/adr/0055-one-port-for-everything.md.
"""

from typing import Final

FRONT_PORT: Final = 443
ALPN_MQTT: Final = "mqtt"
ALPN_WEB: Final = "http/1.1"
ALPN_RELAY: Final = "stun.turn"  # RFC 7443; a browser says none when it looks for a relay
