"""The configuration of HAProxy, which stands at the one port (core). For HAProxy 2.6 and later.

It ends no TLS and has no key: by the names of protocols (ALPN) in the first message of a connection, which
are readable, it knows who is wanted. Who says none is a browser that looks for a relay.
"""

from typing import Final

from contract.front import ALPN_MQTT, ALPN_WEB
from hub.config import Config, FrontConfig

HELLO_LIMIT_S: Final = 10  # until the first message is there: a satellite, and a packet said again
IDLE_LIMIT_S: Final = 3_600  # broker, console and relay know sooner who is silent
GONE_AFTER_S: Final = 20  # as the console itself has it (hub_service.GONE_AFTER_MS)
BROWSERS: Final = (ALPN_WEB, "h2")  # what they offer; the console then takes the former


def haproxy_config(config: Config, front: FrontConfig) -> str:
    """Return haproxy.cfg."""
    address = f"[{front.address}]" if ":" in front.address else front.address
    lines = (
        "# Made by: hub front-config. Do not edit, make it again.",
        "defaults",  # as many connections as the unit gives files for: two each
        "    mode tcp",
        "    timeout connect 5s",
        f"    timeout client {IDLE_LIMIT_S}s",
        f"    timeout server {IDLE_LIMIT_S}s",
        "    timeout client-fin 10s",
        "    timeout server-fin 10s",
        "frontend front",
        # a page or a box whose machine died acknowledges nothing; who stands behind must hear of it
        f"    bind {address}:{front.port} tcp-ut {GONE_AFTER_S}s",
        f"    tcp-request inspect-delay {HELLO_LIMIT_S}s",
        "    tcp-request content accept if { req.ssl_hello_type 1 }",
        "    tcp-request content reject",
        f"    use_backend broker if {{ req.ssl_alpn -m str {ALPN_MQTT} }}",
        *(f"    use_backend console if {{ req.ssl_alpn -m sub {name} }}" for name in BROWSERS),
        "    default_backend relay",
        "backend broker",
        f"    server broker {_here(config.broker.host)}:{config.broker.port}",
        "backend console",
        # with the address of who asks: wrong passwords are counted by it
        f"    server console 127.0.0.1:{front.console_port} send-proxy-v2",
        "backend relay",
        f"    server relay 127.0.0.1:{front.relay_port}",
    )
    return "\n".join(lines) + "\n"


def _here(host: str) -> str:
    """Return where on this machine something listens that listens at `host`."""
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host
