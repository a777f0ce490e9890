"""`python -m tests.drain.uplink_box FOLDER HOST PORT FILES RECORDS`: a box's uplink, in a process.

For the station's end of an emulated link: RECORDS waveforms of 4.4 kB wait, the files of its enrolment lie in
FILES. Orders are lines on standard input, "call" and "no call": voice and picture come onto the link, or
leave it. It ends with its input.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from edge.spool.batch import Batch
from hub.pki.authority import Enrolment
from tests.integration.edge.spools import wave
from tests.integration.edge.uplinks import box_config, running

SAMPLES: Final = 1_100  # of noise, four bytes each


async def main() -> None:
    """Send until there are no more orders."""
    folder, host, port, files, records = sys.argv[1:]
    place = Path(files)
    given = Enrolment(
        ca=place / "ca.crt",
        certificate=place / "station.crt",
        key=place / "station.key",
        seal_key=place / "hub-seal.pub",
    )
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with running(box_config(Path(folder), given, port=int(port), host=host)) as box:
        entries = [wave(number * SAMPLES, count=SAMPLES, seed=number) for number in range(int(records))]
        await box.store(Batch(entries=entries))
        say("stored")
        while order := await orders.readline():
            box.uplink.share_link(is_in_call=order.strip() == b"call")
            say(order.decode().strip())


def say(text: str) -> None:
    """Answer in one line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
