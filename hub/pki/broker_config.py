"""The broker's configuration, access list and TLS settings, as text (core).

For mosquitto 2.0.11 and later 2.0 releases, with OpenSSL 1.1.1 or later. The broker is a wire, not a store:
nothing is persisted. Nothing secret stands in any of them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.ids import HUB_NAME
from contract.limits import PACKET_MAX_BYTES
from contract.topics import PREFIX, RULES

MAX_INFLIGHT: Final = 1_000  # the hub takes that many before it must acknowledge one
MAX_QUEUED: Final = 200_000  # parcels that wait while the hub is busy: minutes of 14,000 stations
MAX_QUEUED_BYTES: Final = 256 * 2**20  # and no more memory than this; what is dropped, the boxes send again


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFiles:
    """The files that the configuration names."""

    ca: Path
    certificate: Path
    key: Path
    revocations: Path
    access_list: Path


def broker_config(files: BrokerFiles, *, address: str, port: int, is_root: bool) -> str:
    """Return mosquitto.conf. `is_root`: the broker is started by root and stays it, to read the key file."""
    lines = (
        "# Made by: hub broker-config. Do not edit, make it again.",
        f"listener {port} {address}",
        f"cafile {files.ca}",
        f"certfile {files.certificate}",
        f"keyfile {files.key}",
        "tls_version tlsv1.2",  # the least that is spoken
        f"crlfile {files.revocations}",  # read at its start and at each SIGHUP
        "require_certificate true",
        "use_identity_as_username true",  # certificate name = user name = client id
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"acl_file {files.access_list}",
        "persistence false",
        f"max_packet_size {PACKET_MAX_BYTES}",
        f"max_inflight_messages {MAX_INFLIGHT}",
        f"max_queued_messages {MAX_QUEUED}",
        f"max_queued_bytes {MAX_QUEUED_BYTES}",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        *(("user root",) if is_root else ()),
    )
    return "\n".join(lines) + "\n"


def openssl_config() -> str:
    """Return openssl.cnf, which the broker's OPENSSL_CONF names. A box resumes its last session and no other:
    a second ticket, as OpenSSL gives by itself, would cost an eighth of each handshake.
    """
    lines = (
        "# Made by: hub broker-config.",
        "openssl_conf = all",
        "[all]",
        "ssl_conf = protocols",
        "[protocols]",
        "system_default = tls",
        "[tls]",
        "NumTickets = 1",
    )
    return "\n".join(lines) + "\n"


def access_list() -> str:
    """Return the access list: a box writes what goes up and reads what goes down, under its own name."""
    patterns = dict.fromkeys(
        f"pattern {'write' if rule.direction == 'up' else 'read'} {PREFIX}/%u/{_subtree(rule.topic.value)}"
        for rule in RULES.values()
    )
    lines = (
        "# Made by: hub broker-config.",
        *patterns,
        "",
        f"user {HUB_NAME}",
        f"topic readwrite {PREFIX}/#",
    )
    return "\n".join(lines) + "\n"


def _subtree(topic: str) -> str:
    head, slash, _ = topic.partition("/")
    return f"{head}/#" if slash else head
