"""The configuration of coturn, the relay of picture and voice behind the one port (core). For coturn 4.6.

It is reached over TLS from the front alone, lets in who has a name and word of the hub's
(`hub/rooms/turn.py`), and carries UDP alone: to addresses of the world, and to itself, so that two who reach
nothing but the front still reach one another. It carries nothing to this machine's other addresses, nor into
the networks behind it.
"""

from typing import Final

from hub.config import FrontConfig

# Not of the world: RFC 6890; RFC 4193, 4291, 6052, 6666. Those of one family alone are told: coturn 4.6 finds
# every IPv4 address in the range ::-::ffff:ffff:ffff. A relay carries nothing to the other family.
NEVER_TO_IPV4: Final = (
    "0.0.0.0-0.255.255.255",
    "10.0.0.0-10.255.255.255",
    "100.64.0.0-100.127.255.255",
    "127.0.0.0-127.255.255.255",
    "169.254.0.0-169.254.255.255",
    "172.16.0.0-172.31.255.255",
    "192.0.0.0-192.0.0.255",
    "192.168.0.0-192.168.255.255",
    "198.18.0.0-198.19.255.255",
    "224.0.0.0-255.255.255.255",
)
NEVER_TO_IPV6: Final = (
    "::-::ffff:ffff:ffff",
    "64:ff9b::-64:ff9b::ffff:ffff",
    "100::-100::ffff:ffff:ffff:ffff",
    "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
ALLOCATIONS_MAX: Final = 4_000  # four a call: two connections of each end
OF_ONE_NAME: Final = 24  # of one join: both ends of a call, and legs that begin anew
NONCE_LIFE_S: Final = 600  # what was overheard is of no use later


def coturn_config(front: FrontConfig, *, secret: str) -> str:
    """Return turnserver.conf, with the secret. Certificate and key are named where coturn is started."""
    outside = () if front.outside is None else (f"external-ip={front.outside}/{front.address}",)
    never_to = NEVER_TO_IPV6 if ":" in front.address else NEVER_TO_IPV4
    lines = (
        "# Made by: hub front-config. Do not edit, make it again.",
        "listening-ip=127.0.0.1",
        f"tls-listening-port={front.relay_port}",
        "no-udp",
        "no-tcp",
        "no-dtls",
        "no-tlsv1",
        "no-tlsv1_1",
        f"relay-ip={front.address}",
        *outside,
        f"min-port={front.relay_udp_ports[0]}",
        f"max-port={front.relay_udp_ports[1]}",
        "realm=haidang",
        "use-auth-secret",
        f"static-auth-secret={secret}",
        f"stale-nonce={NONCE_LIFE_S}",
        "fingerprint",
        "no-tcp-relay",
        "no-multicast-peers",
        *(f"denied-peer-ip={addresses}" for addresses in never_to),
        f"allowed-peer-ip={front.address}",
        f"user-quota={OF_ONE_NAME}",
        f"total-quota={ALLOCATIONS_MAX}",
        "no-cli",
        "no-software-attribute",
        "log-file=stdout",
        "simple-log",
    )
    return "\n".join(lines) + "\n"
