"""A spool works on one machine (core over `Spool`): a card that comes to another begins another spool there.

Two copies of a card would give the same numbers to different records, and a receipt for one would strike off
what the other has never sent. Source: docs/adr/0057-one-card-in-two-machines.md.
"""

from contextlib import suppress
from typing import Final

from edge.errors import SpoolFullError, SpoolMovedError
from edge.spool.batch import Batch
from edge.spool.spool import Spool

MACHINE_FACT: Final = "machine"


def bind(spool: Spool, machine: str) -> None:
    """Bind a spool that is bound to none to this machine; "": nobody knows its name, and nothing is done.

    Raises SpoolMovedError: it is bound to another; SpoolError.
    """
    before = spool.fact(MACHINE_FACT)
    if machine and before is None:
        with suppress(SpoolFullError):  # a box starts on a full card too: the next start binds it
            spool.commit(Batch(facts={MACHINE_FACT: machine}))
    elif machine and before != machine:
        raise SpoolMovedError(f"this card worked in the machine {before} before, and now in {machine}")
