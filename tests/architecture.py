"""The import rules of the house: the tables, and the reader that holds source trees against them.

Default: a module is core. Who touches the clock, the network, the loop or the machine stands in `SHELLS`, who
touches a library stands in `OWNERS`; nobody else may. Source: docs/adr/0004-import-rules.md.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

MAY_IMPORT: Final = {  # imports point one way; edge and hub never meet
    "contract": {"contract"},
    "firmware_bridge": {"firmware_bridge", "contract"},
    "supervisor": {"supervisor"},  # what any service of ours tells systemd
    "edge": {"edge", "contract", "firmware_bridge", "supervisor"},
    "hub": {"hub", "contract", "supervisor"},
    "images": {"images"},  # puts the others onto a card, and knows nothing of them
    "package": {"package"},  # puts the hub onto a server, likewise
    "tests": {"tests", "contract", "firmware_bridge", "edge", "hub", "images", "package", "supervisor"},
}

# Library -> the files that own it. One shell a library a package: it moves data and decides nothing.
OWNERS: Final[dict[str, tuple[str, ...]]] = {
    "serial": ("firmware_bridge/port.py", "hub/routing/modem.py"),
    "pyudev": ("firmware_bridge/ports/hotplug.py",),
    "gpiod": ("firmware_bridge/contacts/gpio_contact.py",),
    "evdev": ("firmware_bridge/contacts/input_device.py",),
    "cobs": ("firmware_bridge/frames.py",),
    "google_crc32c": ("contract/header.py",),
    "cryptography": (
        "contract/hpke.py",
        "contract/sealing.py",
        "contract/seal_offers.py",
        "hub/pki/*.py",
        "edge/enrolment/box_key.py",
    ),
    "paho": ("edge/uplink/mqtt.py",),
    "mqtt5": ("hub/mqtt/*.py", "hub/simulate/packets.py", "hub/simulate/fleet_service.py"),
    "sqlite_utils": (
        "edge/spool/*.py",
        "hub/store/*.py",
        "hub/people/accounts.py",
        "hub/people/boxes.py",
        "hub/people/guest_links.py",
        "hub/people/tokens.py",
        "hub/people/deeds.py",
    ),
    "sqlite3": ("edge/spool/*.py", "hub/store/*.py"),
    "starlette": (
        "hub/console/*.py",
        "hub/api/api_routes.py",
        "hub/hub_service.py",
        "edge/panel/panel_service.py",
        "edge/panel/live_socket.py",
    ),
    "sse_starlette": ("hub/console/*.py",),
    "jinja2": ("hub/console/*.py", "edge/panel/pages.py"),
    "babel": ("hub/console/*.py",),
    "uvicorn": ("hub/hub_service.py", "hub/console/server.py", "edge/panel/panel_service.py"),
    "OpenSSL": ("hub/simulate/connection.py",),
    "websockets": (),  # uvicorn's, not ours
    "h11": ("hub/routing/webhook.py",),
    "smtplib": ("hub/alerts/mail.py",),
    "tzdata": (),  # zoneinfo's, where the machine has no time zones of its own
    "av": (
        "edge/video/picture/camera.py",
        "edge/video/picture/v4l2_camera.py",
        "edge/video/picture/still.py",
        "edge/video/codecs/encoder.py",
        "edge/video/voice/sound.py",
        "edge/video/transport/hooks.py",
    ),
    "aiortc": ("edge/video/transport/hooks.py", "edge/video/transport/leg.py"),
    "aioice": ("edge/video/transport/hooks.py",),
    "ctypes": (
        "edge/advice/cups_library.py",
        "edge/health/wall_clock.py",
        "edge/video/voice/alsa.py",
        "edge/video/codecs/vpx*.py",
        "edge/video/codecs/opus.py",
        "edge/video/codecs/codec_check.py",
    ),
    "livekit": ("edge/video/voice/echo.py",),
    "PIL": ("edge/video/picture/still.py", "edge/video/picture/talking_head.py"),
    "zxingcpp": ("edge/enrolment/qr_eye.py",),
    "reportlab": ("hub/papers/sheet.py", "hub/papers/qr_code.py", "edge/advice/sheet.py"),
    "typer": ("*/__main__.py", "*/cli.py", "*/*_cli.py"),
    "rich": ("*/__main__.py", "*/cli.py", "*/*_cli.py"),
}

EFFECTS: Final = frozenset(
    {"asyncio", "importlib", "logging", "os", "random", "secrets", "select", "selectors"}
    | {"signal", "socket", "ssl", "subprocess", "threading", "time"}
)
PURE_PARTS: Final = ("importlib.resources",)  # part of the package, like the code itself

# Files that may import EFFECTS. Whatever is not named here is core: bytes, values and `now_s` in, values out.
SHELLS: Final[tuple[str, ...]] = (
    "*_service.py",
    "*/__main__.py",
    "*/cli.py",
    "*/*_cli.py",
    "*/clock.py",  # the one clock object of a package
    "supervisor/notify.py",
    "contract/sealing.py",  # os.urandom: keys and nothing else
    "firmware_bridge/port.py",
    "firmware_bridge/ports/hotplug.py",
    "firmware_bridge/ports/ownership.py",  # looks into /proc for other programs' ports
    "firmware_bridge/bridge.py",
    "firmware_bridge/instruments/instrument_bridge.py",
    "firmware_bridge/ports/served_device.py",  # a task for each
    "firmware_bridge/contacts/gpio_contact.py",  # how long ago an edge was
    "firmware_bridge/contacts/input_contact.py",  # the same
    "firmware_bridge/contacts/input_device.py",  # importlib: Debian's evdev
    "firmware_bridge/drivers/catalogue.py",  # importlib: finds the drivers
    "edge/spool/contents.py",
    "edge/spool/spool.py",
    "edge/spool/former.py",  # secrets: numbers that were never given
    "edge/spool/salvage_aside.py",  # fsync of notes and folders
    "edge/uplink/mqtt.py",
    "edge/factory/wipe.py",  # fsync
    "edge/health/log_ring.py",  # hears our loggers
    "edge/health/wall_clock.py",  # the wall clock, to tell the hub of it
    "edge/health/machine_files.py",  # statvfs, and which disk a folder lies on
    "edge/uplink/tls.py",
    "edge/hub_tls.py",
    "edge/hub_way.py",  # a thread that asks for a name
    "edge/network/probe.py",
    "edge/network/kernel_routes.py",  # starts `ip`
    "edge/enrolment/hub_desk.py",  # a question and its answer
    "edge/enrolment/files.py",  # fsync
    "edge/enrolment/qr_eye.py",  # looks for a while
    "edge/advice/cups.py",  # a process a question, and waits for the paper
    "edge/advice/stick.py",  # fsync
    "edge/advice/print_process.py",  # starts the process that prints
    "edge/prompts/espeak.py",  # a process a sentence
    "edge/prompts/maker.py",  # has disk and arithmetic done on threads
    "edge/panel/live_socket.py",  # passes on what a screen is told
    "edge/call/video_process.py",  # starts `edge video` and ends it
    "edge/video/picture/camera.py",
    "edge/video/picture/v4l2_camera.py",
    "edge/video/voice/sound.py",
    "edge/video/voice/alsa.py",  # os.environ: where the library finds its configuration
    "edge/video/codecs/av_libs.py",  # where the package av lies
    "edge/video/codecs/encoder.py",
    "edge/video/picture/pipeline.py",  # the thread between camera and encoder
    "edge/video/voice/pipeline.py",  # the threads between microphone, line and loudspeaker
    "edge/video/transport/hooks.py",
    "edge/video/transport/leg.py",
    "edge/video/screen.py",  # the framebuffer
    "edge/video/panel_screen.py",  # a socket, and a thread that codes
    "edge/video/vitals_link.py",
    "edge/video/signals_up.py",  # logs what cannot be said
    "edge/video/devices.py",  # logs a screen that cannot be used
    "edge/video/photographer.py",  # a task for each
    "edge/video/prompter.py",  # the same
    "package/*.py",  # makes files and starts pip and dpkg-deb
    "hub/broker.py",
    "hub/backup/*.py",
    "hub/pki/*.py",
    "hub/store/*.py",
    "hub/people/accounts.py",
    "hub/people/boxes.py",  # secrets
    "hub/enrolment/eviction.py",  # a connection of a moment
    "hub/front/listener.py",
    "hub/front/relay.py",  # secrets
    "hub/people/guest_links.py",  # secrets
    "hub/people/tokens.py",  # secrets
    "hub/api/api_routes.py",
    "hub/people/passwords.py",  # os.urandom and secrets
    "hub/console/*.py",
    "hub/calls/call_desk.py",  # runs the calls: their deadlines, the store's thread
    "hub/calls/call_keeping.py",  # logs what becomes of calls
    "hub/calls/station_rings.py",  # secrets: names of rings
    "hub/alerts/mail.py",
    "hub/routing/modem.py",
    "hub/routing/sms_command.py",
    "hub/routing/webhook.py",
    "hub/simulate/connection.py",
    "images/commands.py",  # starts apt, mmdebstrap, systemd-repart
    "images/debian.py",  # the time that a lock bears
    "images/disk.py",  # walks a tree
    "hub/live/feed.py",  # runs between the store's thread and the viewers' queues
)
FOREIGN: Final = ("firmware_bridge/firmware/*",)  # MicroPython, runs on the board
NO_ROOM_FOR: Final = re.compile(r"(^|[_-])(utils?|helpers?|common|misc|managers?)$")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module. `path` is relative to the tree; `at_run_time` is false under TYPE_CHECKING."""

    importer: str
    path: str
    line: int
    target: str
    at_run_time: bool


def complaints(root: Path) -> list[str]:
    """Return one line for each broken rule in the packages below `root`; empty when the house is in order."""
    sources = sorted(_sources(root))
    imports = [found for path in sources for found in _imports(root, path)]
    return [
        *(f"{path}: a name that says nothing; name it after what it holds" for path in _vague_names(root)),
        *(line for found in imports if (line := _judge(found))),
        *_cycles(imports),
    ]


def _sources(root: Path) -> Iterator[Path]:
    for package in MAY_IMPORT:
        for path in (root / package).rglob("*.py"):
            if not _matches(path.relative_to(root).as_posix(), FOREIGN):
                yield path


def _imports(root: Path, path: Path) -> Iterator[Import]:
    relative = path.relative_to(root)
    importer = _module(relative)
    package = list(relative.parts[:-1])
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node, at_run_time in _walk(tree, at_run_time=True):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            targets = sorted({_submodule(root, stem, alias.name) for alias in node.names})
        for target in targets:
            yield Import(importer, relative.as_posix(), node.lineno, target, at_run_time)


def _walk(node: ast.AST, *, at_run_time: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, at_run_time
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        for hint in node.body:
            yield from _walk(hint, at_run_time=False)
        for other in node.orelse:
            yield from _walk(other, at_run_time=at_run_time)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, at_run_time=at_run_time)


def _module(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _submodule(root: Path, stem: str, name: str) -> str:
    """`from a import b` means the module a.b where there is one, else a name inside a."""
    path = root.joinpath(*stem.split("."), name)
    return f"{stem}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else stem


def _judge(found: Import) -> str | None:
    """The first rule that this import breaks, as one line."""
    where = f"{found.path}:{found.line}"
    package, top = found.path.split("/")[0], found.target.split(".")[0]
    if top in MAY_IMPORT:
        return None if top in MAY_IMPORT[package] else f"{where}: {package} may not import {found.target}"
    if package == "tests":
        return None
    if top in OWNERS and not _matches(found.path, OWNERS[top]):
        owners = ", ".join(OWNERS[top]) or "nobody"
        return f"{where}: {top} belongs to {owners}; ask the owner, or change OWNERS in tests/architecture.py"
    has_effect = top in EFFECTS and found.at_run_time and not found.target.startswith(PURE_PARTS)
    if has_effect and not _matches(found.path, SHELLS):
        return f"{where}: a core module may not import {top}; take its value as an argument, or list a shell"
    return None


def _cycles(imports: list[Import]) -> Iterator[str]:
    graph: dict[str, set[str]] = {}
    for found in imports:
        if found.at_run_time and found.target.split(".")[0] in MAY_IMPORT and found.target != found.importer:
            graph.setdefault(found.importer, set()).add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield "import cycle: " + " <- ".join(error.args[1])


def _vague_names(root: Path) -> Iterator[str]:
    for package in (*MAY_IMPORT, "web"):
        for path in sorted((root / package).rglob("*")):
            if "__pycache__" not in path.parts and NO_ROOM_FOR.search(path.name.split(".")[0]):
                yield path.relative_to(root).as_posix()


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
