"""What a request asked, checked against the endpoint's table (core)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from contract.errors import RefusedError
from contract.ids import CallId, StationId, parse_station
from contract.varints import VARINT_MAX
from hub.api.endpoint import ApiRefusedError, Endpoint
from hub.people.tokens import Token
from hub.typed_values import day, whole_number

_MOST_CHARS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks what. `revision`: of If-Match, None where the endpoint needs none. `body`: as it came."""

    token: Token
    path: Mapping[str, str]
    query: Mapping[str, str]
    revision: int | None
    body: bytes

    def station(self) -> StationId:
        """Return the station of the address. Raises ApiRefusedError: that is no station's id."""
        try:
            return parse_station(self.path["station"])
        except RefusedError as error:
            raise ApiRefusedError(404, "not found", str(error)) from None

    def call(self) -> CallId:
        """Return the call of the address. Raises ApiRefusedError: that is no call's id."""
        try:
            return CallId.parse(self.path["call"])
        except RefusedError as error:
            raise ApiRefusedError(404, "not found", str(error)) from None

    def number(self, name: str, *, default: int, least: int = 1, most: int) -> int:
        """Return a number of the query. Raises ApiRefusedError: it is none, or outside."""
        text = self.query.get(name)
        if text is None:
            return default
        value = whole_number(text, most=most)
        if value is None or value < least:
            raise ApiRefusedError(400, "bad request", f"{name}={text[:40]}: use a number {least} … {most}")
        return value

    def day(self, name: str) -> date | None:
        """Return a day of the query. Raises ApiRefusedError: it is none."""
        text = self.query.get(name)
        if text is None:
            return None
        found = day(text)
        if found is None:
            raise ApiRefusedError(400, "bad request", f"{name}={text[:40]}: write a day as 2026-11-30")
        return found


def check_query(endpoint: Endpoint, query: Mapping[str, str]) -> None:
    """Refuse what the endpoint does not know. Raises ApiRefusedError."""
    known = [one.name for one in endpoint.parameters if not one.is_in_path]
    for name, value in query.items():
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "it takes none"
            raise ApiRefusedError(
                400, "bad request", f"{name[:40]!r} is no parameter of {endpoint.name}: {there}"
            )
        if len(value) > _MOST_CHARS:
            raise ApiRefusedError(400, "bad request", f"{name} is longer than {_MOST_CHARS} letters")


def revision_of(endpoint: Endpoint, header: str | None) -> int | None:
    """Return the revision of If-Match. Raises ApiRefusedError: the endpoint needs one."""
    if not endpoint.needs_revision:
        return None
    revision = whole_number((header or "").strip().strip('"'), most=VARINT_MAX)
    if revision is None:
        raise ApiRefusedError(
            400, "bad request", "If-Match: say the card_revision that you read, 0 for a new card"
        )
    return revision
