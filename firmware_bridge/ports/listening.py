"""Listening to a port to learn what is behind it: opens it, reads, and never writes a byte."""

from collections.abc import Callable, Mapping

from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.drivers.driver import Driver
from firmware_bridge.errors import PortBusyError, PortError
from firmware_bridge.port import SerialPort
from firmware_bridge.ports.ownership import owner_of
from firmware_bridge.ports.probing import Outcome, Probe, ProbeResult


async def probe(
    path: str, *, boottime_s: Callable[[], float], drivers: Mapping[str, Driver] | None = None
) -> ProbeResult:
    """Return what is behind the port, after 3 s to half a minute. Raises nothing for what is wrong with it.

    A port that another program has open is not opened. It is opened once, DTR and RTS given up before (a
    kernel may still raise them for a moment): a board that restarts at that has time to speak.
    """
    if (owner := owner_of(path)) is not None:
        return _owned(owner)
    listener = Probe(drivers if drivers is not None else all_drivers())
    try:
        with SerialPort(path, baud=listener.line.baud, parity=listener.line.parity) as port:
            while listener.result is None:
                await _listen(listener, port, boottime_s)
                if (owner := owner_of(path)) is not None:
                    return _owned(owner)
                port.set_line(baud=listener.line.baud, parity=listener.line.parity)
    except PortBusyError as error:
        return _owned(error.problem)
    except PortError as error:
        return ProbeResult(outcome=Outcome.FAILED, text=str(error))
    return listener.result


async def _listen(listener: Probe, port: SerialPort, boottime_s: Callable[[], float]) -> None:
    """Listen at one setting of the line, until it is over. Raises PortLostError."""
    line = listener.line
    listener.opened(now_s=boottime_s())
    while listener.result is None and listener.line == line:
        data = await port.read(timeout_s=max(0.0, listener.deadline_s - boottime_s()))
        listener.hear(data, now_s=boottime_s())


def _owned(owner: str) -> ProbeResult:
    text = f"{owner} uses the port: it was not touched"
    return ProbeResult(outcome=Outcome.OWNED, text=text)
