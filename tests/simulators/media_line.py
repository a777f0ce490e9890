"""A station in a call with picture and voice, on the line to a console's hub: its signals go both ways."""

from types import TracebackType
from typing import Self

from contract.ids import CallId, StationId
from contract.media import MediaSignal
from contract.signals import AnySignal
from tests.simulators.console_server import ConsoleServer
from tests.simulators.media_station import MediaStation, Sight, bar


class MediaLine:
    """Use as a context: within it the station of `call` answers whom the hub names. `sight`: its camera's."""

    def __init__(self, server: ConsoleServer, call: CallId, *, sight: Sight = bar) -> None:
        self._server, self._call = server, call
        self._is_cut = False
        self.station = MediaStation(call, self._say, sight=sight)

    def __enter__(self) -> Self:
        self.station.__enter__()
        self.connect(self._server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.on_signal.remove(self._hear)
        self.station.__exit__(kind, error, trace)

    def connect(self, server: ConsoleServer) -> None:
        """The hub died and came back as this one."""
        if self._hear in self._server.on_signal:
            self._server.on_signal.remove(self._hear)
        self._server, self._is_cut = server, False
        server.on_signal.append(self._hear)

    def cut(self) -> None:
        """What the station says is lost: its hub is dead."""
        self._is_cut = True

    def _hear(self, station: StationId, signal: AnySignal) -> None:
        if station == self._call.station and isinstance(signal, MediaSignal):
            self.station.take(signal)

    def _say(self, signal: MediaSignal) -> None:
        if not self._is_cut:
            self._server.signal(self._call.station, signal)
