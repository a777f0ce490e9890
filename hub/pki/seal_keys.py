"""The hub's seal keys in the pki folder: what boxes seal to, and what opens it.

    seal.key                X25519, 32 raw bytes: key 1
    seal-2.key, seal-3.key  the keys after it; none is overwritten, each is kept for what was sealed to it
    seal.pub                the newest, as a box is given it (`HubKey.to_bytes`)

A running hub reads again when `numbers` has changed.
"""

import os
import re
from pathlib import Path
from typing import Final

from contract.errors import RefusedError
from contract.sealing import HubKey, HubPrivateKey, read_hub_key
from hub.pki.files import PkiError, read_file, write_file

KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"seal(?:-([1-9][0-9]{0,8}))?\.key")
_CURE: Final = (
    "run hub seal recover with the escrow, or restore the backup of the pki folder;"
    " where it is lost for good, hub seal rotate goes on without what was sealed to it"
)


class SealKeys:
    """The keys of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.public = folder, folder / "seal.pub"

    def path(self, number: int) -> Path:
        """Return the file of a private key."""
        return self.folder / ("seal.key" if number == 1 else f"seal-{number}.key")

    def numbers(self) -> list[int]:
        """Return the numbers of the keys that are here, ascending."""
        found = [_NAME.fullmatch(path.name) for path in self.folder.glob("seal*.key")]
        return sorted(int(match[1] or 1) for match in found if match)

    def read(self) -> dict[int, HubPrivateKey]:
        """Return the private keys by number, ascending; at least one. Raises PkiError.

        A key that boxes are told to seal to and that is not here is an error: what they seal could not be
        opened.
        """
        numbers = self.numbers()
        newest_told = self._told()
        if newest_told is not None and (not numbers or newest_told > numbers[-1]):
            path = self.path(newest_told)
            raise PkiError(f"{path} is gone, but {self.public} is there: boxes seal to it; {_CURE}")
        if not numbers:
            raise PkiError(f"no seal key in {self.folder}: run hub init; after a restore {_CURE}")
        return {number: self._read_key(number) for number in numbers}

    def newest(self) -> HubKey:
        """Return the key that boxes shall seal to. Raises PkiError."""
        keys = self.read()
        number = max(keys)
        return HubKey(number, keys[number].public_key())

    def made_utc_s(self, number: int) -> float:
        """Return when a key was made. Raises PkiError."""
        try:
            return self.path(number).stat().st_mtime
        except OSError as error:
            raise PkiError(f"{self.path(number)} cannot be read ({error.strerror})") from error

    def make_first(self) -> None:
        """Make key 1 where there is none and never was one; write `seal.pub` where it is not true. Raises
        PkiError.
        """
        if not self.numbers() and not self.public.exists():
            self._make_key(1)
        self._tell()

    def rotate(self, *, above: int = 0) -> HubKey:
        """Make the next key and return it; its number is larger than any here and than `above`.

        `above` is the largest that any box is known to seal to. Raises PkiError.
        """
        number = max(*self.numbers(), self._told() or 0, above, 0) + 1
        self._make_key(number)
        self._tell()
        return self.newest()

    def check(self, number: int, raw: bytes) -> None:
        """Raise PkiError when another key than `raw` has this number."""
        if number in self.numbers() and self._read_key(number).private_bytes_raw() != raw:
            raise PkiError(f"{self.path(number)} is another key than the one to put there: move it away")

    def add(self, number: int, raw: bytes, *, made_utc_s: float) -> None:
        """Put a key back that is not here. Raises PkiError."""
        write_file(self.path(number), raw, mode=0o600)
        os.utime(self.path(number), (made_utc_s, made_utc_s))

    def remove(self, number: int) -> None:
        """Destroy a key: what is sealed to it and not opened yet never will be. Raises PkiError."""
        try:
            self.path(number).unlink()
        except OSError as error:
            raise PkiError(f"{self.path(number)} cannot be removed ({error.strerror})") from error

    def _tell(self) -> None:
        told = self.newest().to_bytes()
        if not self.public.exists() or self.public.read_bytes() != told:
            write_file(self.public, told, mode=0o644)

    def _told(self) -> int | None:
        """The number in `seal.pub`; None: there is none yet."""
        if not self.public.exists():
            return None
        try:
            return read_hub_key(read_file(self.public)).number
        except RefusedError as error:
            raise PkiError(f"{self.public}: {error}; delete it and run hub init") from error

    def _read_key(self, number: int) -> HubPrivateKey:
        path = self.path(number)
        raw = read_file(path)
        if len(raw) != KEY_BYTES:
            raise PkiError(f"{path}: {len(raw)} bytes, a seal key has {KEY_BYTES}; {_CURE}")
        return HubPrivateKey.from_private_bytes(raw)

    def _make_key(self, number: int) -> None:
        write_file(self.path(number), HubPrivateKey.generate().private_bytes_raw(), mode=0o600)
