"""Who may use the TURN server, and for how long (core).

A name that says until when, and its HMAC under the secret shared with the server: coturn's `use-auth-secret`,
the scheme of draft-uberti-behave-turn-rest-00. Worked: secret `hai dang`, name `1800000000:con-dao-01`,
credential `wKY8exKv4dYmSDmqtP0L+D6B2kc=`.
"""

import base64
import hmac
from typing import Final

from contract.media import IceServer
from hub.config import MediaConfig

LIFETIME_S: Final = 12 * 3600  # a call outlasts no shift; coturn asks again at each refresh


def ice_servers(media: MediaConfig, *, user: str, now_utc_s: float) -> tuple[IceServer, ...]:
    """Return the servers that `user` (a station's name, for both ends of its call) may use from now on."""
    servers = [IceServer(urls=media.stun)] if media.stun else []
    if media.turn:
        name = f"{int(now_utc_s) + LIFETIME_S}:{user}"
        servers.append(
            IceServer(urls=media.turn, username=name, credential=credential(media.turn_secret, name))
        )
    return tuple(servers)


def credential(secret: bytes, name: str) -> str:
    """Return the password that belongs to `name`."""
    return base64.b64encode(hmac.digest(secret, name.encode(), "sha1")).decode()
