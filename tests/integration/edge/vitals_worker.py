"""`edge vitals` in a process of its own, and a hub that is only words, for tests that kill it.

    python -m tests.integration.edge.vitals_worker FOLDER

Each line of its input is a signal of the hub, as the broker would bring it.
"""

import asyncio
import random
import sys
from dataclasses import replace
from pathlib import Path

from edge.clock import BoxClock
from edge.vitals_service import Vitals
from hub.pki.authority import Enrolment
from tests.integration.edge.call_station import SILENT
from tests.integration.edge.uplinks import box_config

NO_HUB_PORT = 9  # nobody listens there


async def main(folder: Path) -> None:
    """Run until killed."""
    nothing = folder / "nothing"
    files = Enrolment(nothing, nothing, nothing, folder / "seal.pub")
    config = replace(box_config(folder, files, port=NO_HUB_PORT), call=SILENT)
    service = Vitals(config, BoxClock.read(), random.Random(1), video_command=("sleep", "60"))
    said = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(said), sys.stdin.buffer
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(service.run())
        async for line in said:
            service._uplink.on_message("v1/con-dao-01/down/signal", line.strip())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
