"""Where MicroPython is: `./run test` and `./run bench` put it there."""

import os
from pathlib import Path
from typing import Final

HOUSE: Final = Path(__file__).parents[3]


def micropython() -> Path:
    """Return the program. Raises FileNotFoundError: it was not fetched."""
    program = Path(os.environ.get("MICROPYTHON") or HOUSE / "build" / "micropython" / "micropython")
    if not os.access(program, os.X_OK):
        raise FileNotFoundError(f"{program} is no program: ./run test fetches MicroPython")
    return program
