"""How link and spool are, for those who show it (core): the panel's one line for a nurse."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from contract.events import Owed


class LinkFacts(BaseModel):
    """`station_name`: what people call the station. `for_s`: since when it is as it is, None: since this
    process began. `is_heard`: the hub says it has what is sent. `heard_ago_s`: how long ago the other end was
    last heard, None: nobody knows; `unanswered_s`: for how long it owes an answer, None: it owes none.
    `kept_s`: how old the oldest record is that the hub does not have, None: there is none, or nobody knows;
    `records`: how many. `given_up`: how many since the link was lost. Times are UTC, ms, None: unknown;
    `is_time_sure`: whether hours and minutes are right.
    """

    model_config = ConfigDict(frozen=True)

    is_connected: bool
    station_name: str | None = None
    is_heard: bool = True
    heard_ago_s: float | None = None
    unanswered_s: float | None = None
    for_s: float | None = None
    since_utc_ms: float | None = None
    round_trip_ms: int | None = None
    kept_s: float | None = None
    records: int = 0
    given_up: int = 0
    has_card_problem: bool = False
    now_utc_ms: float | None = None
    is_time_sure: bool = False


class LinkDiary:
    """Since when the link is as it is, and what the spool gave up since. `look` about once a second."""

    def __init__(self) -> None:
        self.is_connected: bool | None = None  # before the first look
        self.since_s: float | None = None  # None: as it was when we began
        self._given_up = 0

    def look(self, *, is_connected: bool, given_up: int, now_s: float) -> None:
        """See how it is. `given_up`: records, ever."""
        if is_connected != self.is_connected:
            self.since_s = None if self.is_connected is None else now_s
            self.is_connected = is_connected
            self._given_up = given_up

    def given_up_since(self, given_up: int) -> int:
        """Return how many records were given up since the link is as it is."""
        return max(0, given_up - self._given_up)


def kept_of(owed: Mapping[str, Owed]) -> tuple[float | None, int]:
    """Return how old the oldest record is that the hub does not have, and how many there are."""
    ages = [one.oldest_age_s for one in owed.values() if one.oldest_age_s is not None]
    return max(ages, default=None), sum(one.records for one in owed.values())
