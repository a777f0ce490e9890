"""The API's routes: who asks is known by a token, how often is counted, and every refusal is JSON.

No cookie opens anything here: a page of another site has nothing to borrow.
"""

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from hub.api import calls, fleet, hub_state
from hub.api.allowance import Allowance
from hub.api.asked import Asked, check_query, revision_of
from hub.api.endpoint import ApiRefusedError, Endpoint
from hub.api.endpoints import ENDPOINTS, PREFIX
from hub.api.models import Fault, Model, Refused
from hub.api.openapi import document
from hub.console.page import rooms_of
from hub.console.rooms import Rooms
from hub.people.people_service import TooManyTriesError
from hub.people.tokens import Token
from hub.store.interface import StoreFailedError

LOG = logging.getLogger(__name__)

Handler = Callable[[Rooms, Asked], Awaitable[Model]]
BODY_MAX_BYTES: Final = 32_768
HANDLERS: Final[Mapping[str, Handler]] = {
    "get /stations": fleet.stations,
    "get /stations/{station}": fleet.station,
    "get /stations/{station}/events": fleet.events,
    "get /stations/{station}/card": fleet.read_card,
    "put /stations/{station}/card": fleet.write_card,
    "get /units": fleet.units,
    "get /calls": calls.calls,
    "get /calls/{call}": calls.call,
    "get /statistics": calls.statistics,
    "get /hub": hub_state.hub_state,
}


def api_route() -> Mount:
    """Return everything below /api/v1."""
    allowance, routes = Allowance(), [Route("/openapi.json", _document)]
    for path in dict.fromkeys(one.path for one in ENDPOINTS):
        by_method: dict[str, Endpoint] = {one.method: one for one in ENDPOINTS if one.path == path}
        routes.append(Route(path, _Answering(by_method, allowance)))
    routes.append(Route("/{rest:path}", _Answering({}, allowance)))
    return Mount(PREFIX, routes=routes)


async def _document(_: Request) -> Response:
    return JSONResponse(document())


class _Answering:
    """One address: its endpoints by method. A class, so that Starlette hands over every method."""

    def __init__(self, by_method: Mapping[str, Endpoint], allowance: Allowance) -> None:
        self._by_method, self._allowance = by_method, allowance

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        """Answer a request."""
        request = Request(scope, receive, send)  # type: ignore[arg-type]
        response = await self._answer(request)
        await response(scope, receive, send)  # type: ignore[arg-type]

    async def _answer(self, request: Request) -> Response:
        try:
            endpoint = self._endpoint(request)
            asked = await self._asked(request, endpoint)
            answer = await HANDLERS[endpoint.name](rooms_of(request), asked)
        except ApiRefusedError as error:
            return _refused(error)
        except StoreFailedError as error:
            LOG.error("%s %s is refused: %s", request.method, request.url.path, error)
            return _refused(ApiRefusedError(503, "not now", "the hub's store failed: try again later"))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        if endpoint.method != "GET":
            by = f"token {asked.token.no} {asked.token.name}"
            await rooms_of(request).people.note(
                _Named(by), f"api {endpoint.name}", request.path_params["station"]
            )
        return Response(answer.model_dump_json(), media_type="application/json")

    def _endpoint(self, request: Request) -> Endpoint:
        method = "GET" if request.method == "HEAD" else request.method
        if not self._by_method:
            raise ApiRefusedError(
                404, "not found", f"there is no such address; {PREFIX}/openapi.json has all"
            )
        if method not in self._by_method:
            there = ", ".join(self._by_method)
            raise ApiRefusedError(405, "bad request", f"{method[:20]} cannot be done here, only {there}")
        return self._by_method[method]

    async def _asked(self, request: Request, endpoint: Endpoint) -> Asked:
        token = await _token(request)
        if endpoint.scope not in token.scopes:
            has = ", ".join(sorted(token.scopes))
            raise ApiRefusedError(403, "not allowed", f"this needs {endpoint.scope}; the token has {has}")
        wait_s = self._allowance.wait_s(token.no, now_s=rooms_of(request).hub.now_s())
        if wait_s > 0:
            raise TooOftenError(wait_s)
        query = dict(request.query_params)
        check_query(endpoint, query)
        return Asked(
            token=token,
            path=request.path_params,
            query=query,
            revision=revision_of(endpoint, request.headers.get("if-match")),
            body=await _body(request) if endpoint.takes is not None else b"",
        )


class _Named:
    """A token in the book of deeds."""

    def __init__(self, name: str) -> None:
        self.name = name


class TooOftenError(ApiRefusedError):
    """The token asks too often."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__(429, "too often", f"this token asks too often: wait {self.wait_s} s")


async def _token(request: Request) -> Token:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    address = request.client.host if request.client else "?"
    try:
        token = (
            await rooms_of(request).people.token(text.strip(), address=address)
            if kind.lower() == "bearer"
            else None
        )
    except TooManyTriesError as error:
        raise TooOftenError(error.retry_after_s) from None
    if token is None:
        raise ApiRefusedError(
            401,
            "no token",
            "send `Authorization: Bearer TOKEN`; hub token make, or /tokens, makes one",
        )
    return token


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX_BYTES:
            raise ApiRefusedError(400, "bad request", f"the body has more than {BODY_MAX_BYTES} bytes")
    return body


def _refused(error: ApiRefusedError) -> Response:
    fault = Refused(error=Fault(code=error.code, text=error.text))  # type: ignore[arg-type]
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, TooOftenError):
        headers["Retry-After"] = str(error.wait_s)
    return Response(fault.model_dump_json(), error.status, headers, "application/json")
