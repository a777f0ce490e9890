"""`[[wifi]]` and `[mobile]` of an engineer's text as NetworkManager keeps networks (core).

A file each; names that begin otherwise than ours are somebody else's. Source: nm-settings-keyfile(5), and
what `nmcli --offline` of NetworkManager 1.52 makes of the same.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from edge.errors import ConfigError

WIFI_KEYS: Final = ("name", "password")
MOBILE_KEYS: Final = ("apn", "user", "password", "pin")
SECRETS: Final = frozenset({"password", "pin"})
WIFIS_MAX: Final = 8
OURS: Final = "haidang-"  # how the names of our files begin
SUFFIX: Final = ".nmconnection"
SSID_BYTES: Final = 32  # IEEE 802.11
_PASSPHRASE: Final = re.compile(r"[ -~]{8,63}|[0-9a-fA-F]{64}")  # WPA: a passphrase, or the key itself
_PIN: Final = re.compile(r"[0-9]{4,8}")
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_NAMESPACE: Final = UUID("6f0f5ab3-6c11-4ba4-8a16-2c5cf2b6d0a9")  # of our networks' identities
_ADDRESSES: Final = {"ipv4": {"method": "auto"}, "ipv6": {"method": "auto"}}


def profiles_of(place: Mapping[str, Any]) -> dict[str, str]:
    """Return file names and what stands in them; the first Wi-Fi is preferred. Raises ConfigError."""
    profiles = {}
    wifis = place.get("wifi", [])
    if not isinstance(wifis, list) or not all(isinstance(one, dict) for one in wifis):
        raise ConfigError("wifi: expected tables, each headed [[wifi]]")
    if len(wifis) > WIFIS_MAX:
        raise ConfigError(f"[[wifi]]: expected at most {WIFIS_MAX}, found {len(wifis)}")
    for number, table in enumerate(wifis, start=1):
        name = f"{OURS}wifi-{number}"
        profiles[name + SUFFIX] = _keyfile(
            name, "wifi", _wifi(f"[[wifi]] {number}", table), rank=100 - number
        )
    if (mobile := place.get("mobile")) is not None:
        name = f"{OURS}mobile"
        profiles[name + SUFFIX] = _keyfile(name, "gsm", {"gsm": _mobile(mobile)}, rank=0)
    return profiles


def _wifi(where: str, table: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    _refuse_unknown(where, table, WIFI_KEYS)
    name, password = table.get("name"), table.get("password")
    if not isinstance(name, str) or not 0 < len(name.encode()) <= SSID_BYTES:
        raise ConfigError(f"{where}: name: expected the network's name, at most {SSID_BYTES} bytes")
    wifi = {"mode": "infrastructure", "ssid": "".join(f"{byte};" for byte in name.encode())}
    if password is None:
        return {"wifi": wifi}
    if not isinstance(password, str) or not _PASSPHRASE.fullmatch(password):
        raise ConfigError(
            f"{where}: password: expected 8 … 63 letters and signs without accents, or 64 hex digits"
        )
    return {"wifi": wifi, "wifi-security": {"key-mgmt": "wpa-psk", "psk": _escaped(password)}}


def _mobile(table: Mapping[str, Any]) -> dict[str, str]:
    _refuse_unknown("[mobile]", table, MOBILE_KEYS)
    for key, value in table.items():
        form = _PIN if key == "pin" else _TEXT
        if not isinstance(value, str) or not form.fullmatch(value):
            expected = "4 … 8 digits in quotes" if key == "pin" else "a text of at most 64 characters"
            raise ConfigError(f"[mobile] {key}: expected {expected}")
    names = {"apn": "apn", "user": "username", "password": "password", "pin": "pin"}
    said = {names[key]: _escaped(value) for key, value in table.items()}
    return said if "apn" in said else {"auto-config": "true", **said}


def _refuse_unknown(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(f"{where} {key} is not a setting; there are {', '.join(known)}")


def _keyfile(name: str, kind: str, settings: Mapping[str, Mapping[str, str]], *, rank: int) -> str:
    connection = {
        "id": name,
        "uuid": str(uuid5(_NAMESPACE, name)),
        "type": kind,
        "autoconnect-priority": str(rank),
        "autoconnect-retries": "0",  # for ever
    }
    sections = {"connection": connection, **settings, **_ADDRESSES}
    parts = [
        f"[{title}]\n" + "".join(f"{key}={value}\n" for key, value in section.items())
        for title, section in sections.items()
    ]
    return "\n".join(parts)


def _escaped(value: str) -> str:
    """As GKeyFile has it: blanks at both ends would be lost."""
    text = value.replace("\\", "\\\\")
    inner = text.strip(" ")
    before, _, after = text.partition(inner) if inner else (text, "", "")
    return "\\s" * len(before) + inner + "\\s" * len(after)
