"""Where things lie while an image is made, and which machines there are images for."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

HOUSE: Final = Path(__file__).parents[1]
RECIPE: Final = HOUSE / "images" / "recipe"
LOCKS: Final = HOUSE / "images"
BUILD: Final = HOUSE / "build" / "image"
SUITE: Final = "trixie"
TOOLBOX: Final = "toolbox"  # a lock beside those of the machines: what makes the file systems


class Arch(StrEnum):
    """Machines that there are images for, by Debian's word."""

    AMD64 = "amd64"
    ARM64 = "arm64"


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of machine. `name`: Debian's word for it; `kernel`: the package that names its newest kernel;
    `wheels`: uv's word for the platform of wheels."""

    name: str
    kernel: str
    wheels: str


MACHINES: Final = {
    "amd64": Machine("amd64", "linux-image-amd64", "x86_64-manylinux_2_28"),
    "arm64": Machine("arm64", "linux-image-arm64", "aarch64-manylinux_2_28"),
}
