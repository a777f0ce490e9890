"""The lock of Debian's packages: which files an image is made of, and the time that it bears."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from images.errors import ImageError

HEAD: Final = "# Made by `./run image lock`: Debian's packages by name, version and SHA-256. Do not edit.\n"
_EPOCH: Final = re.compile(r"^epoch (\d{10})$", re.MULTILINE)
_WANTED: Final = re.compile(r"^wanted ([0-9a-f]{64})$", re.MULTILINE)
_LINE: Final = re.compile(r"^(install|unpack) (\S+) (\S+) ([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One file of Debian's. `is_installed` false: its files are put there and none of its scripts runs."""

    name: str
    version: str
    sha256: str
    is_installed: bool = True


@dataclass(frozen=True, slots=True)
class Lock:
    """`epoch`: seconds since 1970 that every file of the image bears; `wanted`: digest of the list of wishes
    that it was made from."""

    epoch: int
    wanted: str
    packages: tuple[Package, ...]

    def text(self) -> str:
        """Return the file's text; `parse` reads it."""
        lines = [
            f"{'install' if one.is_installed else 'unpack'} {one.name} {one.version} {one.sha256}"
            for one in sorted(self.packages)
        ]
        return HEAD + "\n".join([f"epoch {self.epoch}", f"wanted {self.wanted}", *lines]) + "\n"


def parse(text: str, *, name: str) -> Lock:
    """Return the lock that a file says. Raises ImageError: it is not one."""
    epoch, wanted = _EPOCH.search(text), _WANTED.search(text)
    packages = tuple(Package(n, v, s, kind == "install") for kind, n, v, s in _LINE.findall(text))
    said = [line for line in text.splitlines() if not line.startswith("#")]
    if epoch is None or wanted is None or len(packages) != len(said) - 2:
        raise ImageError(f"{name} is not a lock of packages: make it again with ./run image lock")
    return Lock(int(epoch[1]), wanted[1], packages)


def wishes(text: str) -> list[str]:
    """Return the packages that a list asks for, one a line; what follows a # is for people."""
    lines = (line.split("#", maxsplit=1)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def differences(old: Iterable[Package], new: Iterable[Package]) -> list[str]:
    """Return a line for each package that came, went or changed."""
    before, after = {one.name: one for one in old}, {one.name: one for one in new}
    lines = []
    for name in sorted(before.keys() | after.keys()):
        was, is_now = before.get(name), after.get(name)
        if was != is_now:
            lines.append(
                f"{name}: {was.version if was else 'none'} -> {is_now.version if is_now else 'none'}"
            )
    return lines
