"""The hub of the fuzz: begun again on the same folder with the same clock, and asked for what it shows."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from hub.ingest.committed import Committed
from hub.people.accounts import Accounts
from hub.people.tokens import Scope
from tests.simulators.console_server import Answer, ConsoleServer, SetClock, wait_for
from tests.staleness.judge import Looked
from tests.staleness.shown import Shown, SilenceShown, read_alerts, read_api, read_list, read_page

S = TypeVar("S")
WHO: Final = "Lan"
TOKEN_DAYS: Final = 360


class FuzzHub:
    """`begin` first, `close` at the end. `spoil` is applied to every HTML page before it is read: a fault
    that the checks must find.
    """

    def __init__(self, folder: Path, *, spoil: Callable[[str], str] | None = None) -> None:
        self.folder, self.clock = folder, SetClock()
        self._spoil = spoil or (lambda text: text)
        self._committed, self._token = 0, ""
        self.taken_count = 0  # records that were given to this hub
        self.began_s, self.began_off_s, self._port = 0.0, 0.0, 0

    def begin(self) -> None:
        """Begin, the first time or again, at one address."""
        names = {f"tram-{number}": f"Trạm {number}" for number in range(1, 5)}
        self.began_s, self.began_off_s = self.clock.now_s(), self.clock.stepped_us / 1e6
        self.server = ConsoleServer(self.folder, names=names, port=self._port)
        self.server.clock = self.clock
        self._committed = self.taken_count = 0
        self.server.__enter__()
        self._port = self.server.port
        self.server.call(lambda: self.server.rooms.hub.on_committed(self._on_committed))
        if not self._token:
            self.server.account(WHO)
            scopes = [Scope.FLEET_READ, Scope.VITALS_READ]
            people = self.server.rooms.people
            _, self._token = self.server.run(
                lambda: people.make_token("thử", scopes, days=TOKEN_DAYS, by=WHO)
            )

    def close(self) -> None:
        """End it, as a machine that is switched off in order."""
        self.server.__exit__(None, None, None)

    def settle(self) -> None:
        """Wait until all that was given is on disk and has been heard of."""
        wait_for(lambda: self._committed >= self.taken_count, f"{self.taken_count} records in the store")

    def cookie(self) -> str:
        """A session of now, whatever the hub's wall clock says."""
        with closing(Accounts(self.server.config.accounts_path)) as accounts:
            (account,) = (one for one in accounts.all() if one.name == WHO)
            token = accounts.open_session(account, now_utc_s=self.clock.utc_now_us() / 1e6)
            return f"haidang={token}"

    def look(self, stations: Sequence[str]) -> list[tuple[Shown, Looked]]:
        """Read every surface without scripts, each with when it was read."""
        cookie = self.cookie()
        found = self._read(lambda: self._page("/?sort=name", cookie), lambda text: read_list(text, "list"))
        for station in stations:
            found += self._read_page(station, cookie)
        found += self._read(self._api, read_api)
        return found

    def look_at_alerts(self) -> list[tuple[SilenceShown, Looked]]:
        """Read the page of alerts, once all that is due of them is raised or closed."""
        self.server.run(self.server.rooms.alerts.turn)
        cookie = self.cookie()
        return self._read(lambda: self._page("/alerts?quiet=1", cookie), read_alerts)

    def looked(self, from_s: float) -> Looked:
        """A look that began then and ends now."""
        return Looked(from_s, self.clock.now_s(), self.began_s, self.began_off_s)

    def _read_page(self, station: str, cookie: str) -> list[tuple[Shown, Looked]]:
        path = f"/stations/{station}"
        return self._read(lambda: self._page(path, cookie), lambda text: [read_page(text, station)])

    def _read(self, ask: Callable[[], str], read: Callable[[str], list[S]]) -> list[tuple[S, Looked]]:
        from_s = self.clock.now_s()
        text = ask()
        looked = self.looked(from_s)
        return [(one, looked) for one in read(text)]

    def _page(self, path: str, cookie: str) -> str:
        return self._spoil(_good(self.server.get(path, Cookie=cookie), path).text)

    def _api(self) -> str:
        path, told = "/api/v1/stations", f"Bearer {self._token}"
        for _ in range(20):
            answer = self.server.get(path, Authorization=told)
            if answer.status != 429:
                break
            time.sleep(0.1)
        return _good(answer, path).text

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        self._committed += len(batch)


def _good(answer: Answer, path: str) -> Answer:
    assert answer.status == 200, f"GET {path}: {answer.status}"
    return answer
