"""What the firmware's unit tests say under CPython, MicroPython says too."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.simulators.firmware.micropython import HOUSE, micropython

SCENARIOS = HOUSE / "tests" / "simulators" / "firmware" / "scenarios.py"
FILES = sorted(
    path
    for path in (HOUSE / "tests" / "unit" / "firmware").glob("test_*.py")
    if "under MicroPython" in path.read_text(encoding="utf-8").splitlines()[0]
)


def run(module: str, *, house: Path = HOUSE) -> subprocess.CompletedProcess[str]:
    command = [str(micropython()), str(SCENARIOS), str(house), module]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_scenario_passes_under_micropython(path: Path) -> None:
    told = run(".".join(path.relative_to(HOUSE).with_suffix("").parts))
    assert told.returncode == 0, told.stdout + told.stderr
    written = re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told.stdout.split()) == sorted(written)


def test_the_scenarios_are_those_of_ring_buttons_frames_and_more() -> None:
    assert {"test_frames", "test_ring", "test_button", "test_board"} <= {path.stem for path in FILES}


def test_micropython_compiles_every_file_of_the_firmware() -> None:
    """Those too that need the board's own modules to run."""
    files = sorted((HOUSE / "firmware_bridge" / "firmware").glob("*.py"))
    program = "import sys\nfor name in sys.argv[1:]:\n    compile(open(name).read(), name, 'exec')\n"
    command = [str(micropython()), "-c", program, *map(str, files)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stdout + told.stderr) == (0, "")
    assert {"main.py", "rp2040.py", "warm_ram.py"} <= {path.name for path in files}


def test_a_scenario_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def test_it():\n    assert 1 == 2\n", encoding="utf-8")
    told = run("broken", house=tmp_path)
    assert told.returncode == 1
    assert "AssertionError" in told.stdout + told.stderr
