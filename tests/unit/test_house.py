"""The house is in order, and its inspector sees disorder. The rules: tests/architecture.py."""

from pathlib import Path

import pytest

from tests.architecture import OWNERS, complaints

HOUSE = Path(__file__).parents[2]


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_every_import_of_the_house_points_the_allowed_way() -> None:
    assert complaints(HOUSE) == []


ORDERLY = {
    "contract/header.py": "import google_crc32c\nfrom contract import ids\n",
    "contract/ids.py": "from typing import NewType\n",
    "firmware_bridge/port.py": "import asyncio\nimport serial\nfrom contract.ids import StationId\n",
    "edge/uplink/window.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import random\n",
    "edge/uplink/uplink_service.py": "import asyncio\nfrom . import window\nfrom .window import Window\n",
    "hub/words.py": "from importlib.resources import files\n",
    "hub/ingest/__main__.py": "import os, typer\nimport contract.header\n",
    "tests/unit/test_x.py": "import socket, serial, edge.uplink.window, hub.words\n",
    "firmware_bridge/firmware/main.py": "import time\n",
}


def test_an_orderly_tree_has_no_complaint(tmp_path: Path) -> None:
    assert complaints(tree(tmp_path, ORDERLY)) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("contract/a.py", "import edge.config", "contract/a.py:1: contract may not import edge.config"),
        ("contract/a.py", "import firmware_bridge", "contract may not import firmware_bridge"),
        ("firmware_bridge/a.py", "from edge import config", "firmware_bridge may not import edge"),
        ("edge/a.py", "x = 1\nfrom hub.store import sqlite", "edge/a.py:2: edge may not import hub.store"),
        ("hub/a.py", "import firmware_bridge.codes", "hub may not import firmware_bridge.codes"),
        ("hub/a.py", "def f():\n    import edge", "hub/a.py:2: hub may not import edge"),
        ("hub/a.py", "if TYPE_CHECKING:\n    import edge", "hub may not import edge"),
        ("edge/a.py", "from tests.simulators import board", "edge may not import tests.simulators"),
        ("edge/a.py", "import serial.tools", "edge/a.py:1: serial belongs to firmware_bridge/port.py"),
        (
            "edge/capture/a.py",
            "from paho.mqtt import client",
            "paho belongs to edge/uplink/mqtt.py",
        ),
        ("hub/fleet/a.py", "import sqlite3", "sqlite3 belongs to edge/spool/*.py, hub/store/*.py"),
        ("hub/console/a.py", "import websockets", "websockets belongs to nobody"),
        ("edge/call/lamps.py", "import time", "a core module may not import time"),
        ("contract/a.py", "from os import urandom", "a core module may not import os"),
        (
            "hub/calls/a.py",
            "try:\n    import asyncio\nexcept ImportError: pass",
            "a core module may not import asyncio",
        ),
        ("edge/a.py", "from importlib import import_module", "a core module may not import importlib"),
        ("edge/utils.py", "", "edge/utils.py: a name that says nothing"),
        ("hub/common/a.py", "", "hub/common: a name that says nothing"),
        ("web/dom-helpers.js", "", "web/dom-helpers.js: a name that says nothing"),
        ("edge/link_manager.py", "", "edge/link_manager.py: a name that says nothing"),
    ],
)
def test_a_broken_rule_is_named_with_its_place(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    found = complaints(tree(tmp_path, {**ORDERLY, name: text}))
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    "files",
    [
        {"edge/a.py": "import edge.b", "edge/b.py": "import edge.a"},
        {
            "hub/x/a.py": "from .b import B",
            "hub/x/b.py": "from . import c",
            "hub/x/c.py": "from hub.x.a import A",
        },
        {"edge/a.py": "from edge import b", "edge/b.py": "def late():\n    from edge.a import A"},
    ],
)
def test_modules_that_import_each_other_are_found(tmp_path: Path, files: dict[str, str]) -> None:
    (found,) = complaints(tree(tmp_path, files))
    assert found.startswith("import cycle: ")


def test_a_cycle_that_exists_for_the_type_checker_only_is_allowed(tmp_path: Path) -> None:
    files = {"edge/a.py": "import edge.b", "edge/b.py": "if TYPE_CHECKING:\n    import edge.a"}
    assert complaints(tree(tmp_path, files)) == []


def test_every_library_of_the_run_lock_that_we_import_has_an_owner_row() -> None:
    """A library without a row could be imported anywhere; numpy and pydantic are spoken in all rooms."""
    spoken_everywhere = {"numpy", "pydantic", "pip"}
    top_names = {
        "pyserial": "serial",
        "paho-mqtt": "paho",
        "pyopenssl": "OpenSSL",
        "python-multipart": None,
        "pillow": "PIL",
        "zxing-cpp": "zxingcpp",
    }
    text = (HOUSE / "pyproject.toml").read_text(encoding="utf-8")
    run_part, _, _ = text.partition("test = [")
    named = [line.strip().strip('"') for line in run_part.splitlines() if line.startswith('    "')]
    libraries = {name.split(">")[0].split("=")[0] for name in named} - spoken_everywhere
    imported = {top_names.get(name, name.replace("-", "_")) for name in libraries} - {None}
    assert imported
    assert imported <= set(OWNERS)
