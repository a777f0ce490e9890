"""What a page proves and confirms: that its operator could hear and answer, and which calls sound there."""

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId
from hub.console.guard import token_of
from hub.console.page import RefusedPageError, check_origin, rooms_of, signed_in, signed_in_to_answer
from hub.routing.duty import LEASE_S, Proof

CALLS_AT_ONCE: Final = 200  # a page with more says it in several requests
_RULES: Final = ConfigDict(extra="forbid", frozen=True, strict=True)
Said = TypeVar("Said", bound=BaseModel)
ConsoleName = Annotated[str, Field(min_length=1, max_length=40)]


class _ProofSaid(BaseModel):
    model_config = _RULES

    console: ConsoleName
    goodbye: bool = False
    sound: bool = False
    microphone: bool = False
    clock_offset_ms: Annotated[float, Field(strict=False, allow_inf_nan=False)] | None = None


class _RingingSaid(BaseModel):
    model_config = _RULES

    console: ConsoleName
    is_heard: bool
    calls: Annotated[list[str], Field(max_length=CALLS_AT_ONCE)]


async def hear_proof(request: Request) -> Response:
    """POST /duty: a console proves that it is ready, or says goodbye; it is told what is missing.

    GET: who is ready now.
    """
    rooms = rooms_of(request)
    if request.method == "GET":
        await signed_in(request)
        return JSONResponse(sorted(rooms.routing.ready()))
    check_origin(request)
    account = await signed_in(request)  # a doctor too: who is ready is invited
    said = await _read(request, _ProofSaid)
    console, now_s = _console(request, said.console), rooms.hub.now_s()
    if said.goodbye:
        rooms.routing.duty.goodbye(console, now_s=now_s)
        return Response(status_code=204)
    proof = Proof(sound=said.sound, microphone=said.microphone, clock_offset_ms=said.clock_offset_ms)
    missing = rooms.routing.duty.hear(console, account.name, proof, now_s=now_s)
    return JSONResponse({"missing": missing, "lease_s": LEASE_S})


async def hear_ringing(request: Request) -> Response:
    """POST /ringing: a console shows these calls, and (`is_heard`) they can be heard by who could answer.

    Only what is offered to the account counts, and only from a console of somebody who is ready.
    """
    account = await signed_in_to_answer(request)
    said = await _read(request, _RingingSaid)
    rooms = rooms_of(request)
    is_heard = said.is_heard and account.name in rooms.routing.ready()
    for text in said.calls:
        try:
            call_id = CallId.parse(text)
        except RefusedError:
            raise RefusedPageError(422, "Yêu cầu không dùng được.") from None
        one = rooms.desk.held(call_id)
        if one is None or account.name not in one.offered_to:
            continue
        if is_heard:
            rooms.desk.sounds(call_id, console=_console(request, said.console))
        else:
            rooms.desk.shown(call_id)
    return Response(status_code=204)


async def _read(request: Request, kind: type[Said]) -> Said:
    """Return what a page said, as JSON. Raises RefusedPageError."""
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError:
        raise RefusedPageError(422, "Yêu cầu không dùng được.") from None


def _console(request: Request, name: str) -> str:
    """Return a console's name as no other session can say it."""
    return f"{token_of(request)[:8]} {name}"
