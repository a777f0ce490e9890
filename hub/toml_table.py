"""A table of a TOML file, each key asked for by type; a wrong one is named with file, key and expectation."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

SECRET_MIN_BYTES: Final = 8
SHOWN_MAX_CHARS: Final = 80


class ConfigError(Exception):
    """A file of the configuration cannot be used. The text names file, key and what is expected there."""


class Table:
    """One table. A key that was asked for is gone; `refuse_the_rest` at the end finds slips in names.

    Everything here raises ConfigError.
    """

    def __init__(self, values: dict[str, Any], *, path: Path, name: str) -> None:
        self._values, self.path, self._name = dict(values), path, name

    @classmethod
    def read(cls, text: str, *, path: Path) -> "Table":
        """Return the whole file `path`, whose content is `text`."""
        try:
            return cls(tomllib.loads(text), path=path, name="")
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not TOML: {error}") from error

    def fault(self, key: str, expected: str, value: object) -> ConfigError:
        """Return what to raise of a value that cannot be used."""
        return ConfigError(
            f"{self.path}: {self._where(key)} = {str(value)[:SHOWN_MAX_CHARS]!r}: expected {expected}"
        )

    def missing(self, key: str, expected: str) -> ConfigError:
        """Return what to raise of a value that is not there."""
        return ConfigError(f"{self.path}: {self._where(key)} is missing: expected {expected}")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """Return the keys that nobody has asked for yet."""
        return tuple(self._values)

    def table(self, key: str) -> "Table":
        """Return the table in this one; empty where there is none."""
        value = self._values.pop(key, {})
        if not isinstance(value, dict):
            raise self.fault(key, "a table", value)
        return Table(value, path=self.path, name=self._where(key))

    def tables(self, key: str) -> Iterator["Table"]:
        """Yield the tables of a list, which are named from 1 on: groups[1]."""
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.fault(key, f"tables, each under [[{self._where(key)}]]", value)
        for number, one in enumerate(value, start=1):
            yield Table(one, path=self.path, name=f"{self._where(key)}[{number}]")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty; without `default` it must be there."""
        if key not in self._values and default is None:
            raise self.missing(key, "a text")
        value = self._values.pop(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "a text", value)
        return value

    def text_or_none(self, key: str) -> str | None:
        """Return a text, None where there is none."""
        return self.text(key) if key in self._values else None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where there is none."""
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.fault(key, "a list of texts", value)
        return tuple(value)

    def integer(self, key: str, default: int, *, least: int, most: int, expected: str) -> int:
        """Return a whole number; `expected` says which ones, for people."""
        value = self._values.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.fault(key, expected, value)
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._values.pop(key, default)
        if not isinstance(value, bool):
            raise self.fault(key, "true or false", value)
        return value

    def secret(self, key: str) -> bytes:
        """Return what the file named there holds, empty when none is named."""
        name = self.text_or_none(key)
        if name is None:
            return b""
        file = self.path.parent / name
        try:
            secret = file.read_bytes().strip()
        except OSError as error:
            raise self.fault(key, f"a file that can be read ({file}: {error.strerror})", name) from error
        if len(secret) < SECRET_MIN_BYTES:
            raise self.fault(key, f"a file with a secret of at least {SECRET_MIN_BYTES} letters", name)
        return secret

    def refuse_the_rest(self) -> None:
        """Refuse a key that nobody has asked for."""
        if self._values:
            key, value = next(iter(self._values.items()))
            raise self.fault(key, "no such key; look for a slip in its name", value)

    def _where(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key
