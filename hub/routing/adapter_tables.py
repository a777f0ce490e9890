"""Reads how the outside is told from the routing document: webhooks, modems, commands (core)."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from hub.routing.policy import NUMBER, Adapter, Modem, Rung, SmsCommand, UnitId, Webhook
from hub.routing.webhook_signing import secret_bytes
from hub.toml_table import Table

BAUD_MAX: Final = 4_000_000
RUNGS_BY_WORD: Final = {rung.name.lower(): rung for rung in Rung}
SMS_RUNGS: Final = ("supervisor", "doctor")  # at which somebody has a telephone
_HERE: Final = ("localhost", "127.0.0.1", "::1")
UnitOf = Callable[[Table], UnitId]


def read_adapters(document: Table, unit_of: UnitOf) -> tuple[Adapter, ...]:
    """Return all adapters; `unit_of` reads a table's unit. Raises ConfigError."""
    adapters: list[Adapter] = []
    for key, read in (("webhooks", _webhook), ("sms", _sms)):
        for table in document.tables(key):
            name = table.text("name")
            if name in (one.name for one in adapters):
                raise table.fault("name", "a name that no other adapter has", name)
            adapters.append(read(table, name, unit_of(table)))
            table.refuse_the_rest()
    return tuple(adapters)


def _webhook(table: Table, name: str, unit: UnitId) -> Webhook:
    return read_webhook(table, name, unit=unit, rungs=_rungs(table, tuple(RUNGS_BY_WORD), ("supervisor",)))


def read_webhook(table: Table, name: str, *, unit: UnitId, rungs: frozenset[Rung]) -> Webhook:
    """Return a webhook of a table with `url`, `secret_file`, `ca_file`; of alerts too. Raises ConfigError."""
    url, ca_file = table.text("url"), table.text_or_none("ca_file")
    if not _is_safe(url):
        raise table.fault("url", 'an address such as "https://host/path"; http only on this machine', url)
    ca_path = None if ca_file is None else table.path.parent / ca_file
    if ca_path is not None and not ca_path.is_file():
        raise table.fault("ca_file", f"a file with certificates ({ca_path})", ca_file)
    secret = table.secret("secret_file")
    if not secret:
        raise table.missing("secret_file", "a file with the secret that both sides share")
    try:
        secret = secret_bytes(secret)
    except ValueError as error:
        raise table.fault("secret_file", f"a secret ({error})", "…") from error
    return Webhook(name=name, unit=unit, rungs=rungs, url=url, secret=secret, ca_path=ca_path)


def _sms(table: Table, name: str, unit: UnitId) -> Adapter:
    rungs = _rungs(table, SMS_RUNGS, SMS_RUNGS)
    port, argv = table.text_or_none("port"), table.texts("command")
    if (port is None) is (not argv):
        raise table.missing("port or command", "one of the two: a modem's serial port, or a program")
    if port is None:
        if not any(NUMBER in part for part in argv):
            raise table.fault("command", f"a list of texts, one with {NUMBER}", list(argv))
        return SmsCommand(name=name, unit=unit, rungs=rungs, argv=argv)
    baud = table.integer("baud", 115_200, least=1200, most=BAUD_MAX, expected="a rate in bit/s")
    return Modem(name=name, unit=unit, rungs=rungs, port=port, baud=baud)


def _rungs(table: Table, allowed: tuple[str, ...], default: tuple[str, ...]) -> frozenset[Rung]:
    words = table.texts("rungs") or default
    if not set(words) <= set(allowed):
        raise table.fault("rungs", f"a list of {', '.join(allowed)}", list(words))
    return frozenset(RUNGS_BY_WORD[word] for word in words)


def _is_safe(url: str) -> bool:
    """Whether it may carry what it will: in TLS, or not leave this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username or port == 0 or not url.isascii() or re.search(r"\s", url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
