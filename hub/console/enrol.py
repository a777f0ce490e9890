"""Where boxes come in: /enrol/v1, JSON without a session. The desk decides; docs/enrolment.md has every
field.
"""

from typing import Final, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from contract.enrolment import (
    FAULTS,
    PATH,
    Asked,
    Enrolled,
    Fault,
    Nonce,
    NotDue,
    Renewal,
    Waiting,
    parse_said,
)
from contract.errors import RefusedError
from hub.console.page import rooms_of
from hub.enrolment.enrolment_service import Answer
from hub.pki.files import read_file

STATUS: Final = {Enrolled: 201, NotDue: 200, Waiting: 202, Nonce: 202}
RETRY_S: Final = "10"
T = TypeVar("T", bound=BaseModel)


async def enrol(request: Request) -> Response:
    """POST /enrol/v1/claim: a box with a claim code, or with a number on its panel."""
    asked = await _read(request, Asked)
    if isinstance(asked, Fault):
        return _said(asked)
    address = request.client.host if request.client else ""
    return _said(await rooms_of(request).enrolment.enrol(asked, address=address, host=_host(request)))


async def renew(request: Request) -> Response:
    """POST /enrol/v1/renew: a box that has its key, and wants another certificate for it."""
    renewal = await _read(request, Renewal)
    if isinstance(renewal, Fault):
        return _said(renewal)
    return _said(await rooms_of(request).enrolment.renew(renewal, host=_host(request)))


async def show_authority(request: Request) -> Response:
    """GET /enrol/v1/ca: the authority's certificate, PEM: public, and checked against the pin by who asks."""
    folder = rooms_of(request).hub.config.pki_folder
    return Response(read_file(folder / "ca.crt"), media_type="application/x-pem-file")


ENROL_ROUTES: Final = [
    Mount(
        PATH,
        routes=[
            Route("/claim", enrol, methods=["POST"]),
            Route("/renew", renew, methods=["POST"]),
            Route("/ca", show_authority),
        ],
    )
]


async def _read(request: Request, kind: type[T]) -> T | Fault:
    try:
        return parse_said(kind, await request.body())
    except RefusedError as error:
        return Fault(code="malformed", error=str(error))


def _host(request: Request) -> str:
    """Return by which name the box reached us: the broker is there too."""
    return request.url.hostname or ""


def _said(answer: Answer) -> Response:
    status = FAULTS[answer.code][0] if isinstance(answer, Fault) else STATUS[type(answer)]
    headers = {"Retry-After": RETRY_S} if status in (429, 503) else {}
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")
