"""`edge vitals` as it is, but for `edge video`: a process that does nothing, so that many calls cost little.

python -m tests.calls.box BOX.TOML
"""

import asyncio
import logging
import random
import sys
from pathlib import Path
from typing import Final

from edge.clock import BoxClock
from edge.config import read_config
from edge.vitals_service import Vitals
from tests.village.process import ENDS_WITH_US

NO_VIDEO: Final = (*ENDS_WITH_US, "sleep", "3600")


def main() -> None:
    """Run until killed."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    config = read_config(Path(sys.argv[1]))
    clock = BoxClock.read(config.boot_file)
    asyncio.run(Vitals(config, clock, random.SystemRandom(), video_command=NO_VIDEO).run())


if __name__ == "__main__":
    main()
