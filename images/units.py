"""Where the files of systemd/ go in the image, by what they are."""

from pathlib import Path
from typing import Final

UNITS: Final = frozenset(
    {".service", ".socket", ".target", ".timer", ".path", ".slice", ".mount", ".automount"}
)
FOLDERS: Final = frozenset(
    {
        "sysusers.d",
        "tmpfiles.d",
        "modules-load.d",
        "modprobe.d",
        "sysctl.d",
        "udev/rules.d",
        "systemd/journald.conf.d",
        "systemd/system.conf.d",
        "systemd/timesyncd.conf.d",
        "NetworkManager/conf.d",
    }
)
OURS: Final = "haidang"  # beside our code, in the app's partition
HUBS: Final = "hub"  # what is for the server, by its folder or the second word of its name


def place(path: Path) -> Path | None:
    """Return where a file of systemd/, told by its path there, goes below /usr/lib; None: not on the box."""
    if path.parts[0] == HUBS or HUBS in path.name.split(".")[0].split("-"):
        return None
    if path.suffix in UNITS:
        return Path("systemd/system") / path.name
    if _is_drop_in(path.parent.name):
        return Path("systemd/system") / path.parent.name / path.name
    if path.suffix == ".rules":
        return Path("udev/rules.d") / path.name
    if path.parent.name == OURS:
        return Path(OURS) / path.name
    return next((Path(one) / path.name for one in FOLDERS if path.parent.name == Path(one).name), None)


def placed(folder: Path) -> list[tuple[Path, Path]]:
    """Return the files of systemd/ that go onto the box, each with its place below /usr/lib."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [(path, target) for path in paths if (target := place(path.relative_to(folder))) is not None]


def is_enabled(text: str) -> bool:
    """Tell whether a unit asks to be started by another."""
    return "\n[Install]" in f"\n{text}"


def _is_drop_in(folder: str) -> bool:
    return folder.endswith(".d") and Path(folder.removesuffix(".d")).suffix in UNITS
