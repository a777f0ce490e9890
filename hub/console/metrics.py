"""GET /metrics: figures of the hub for Prometheus; for this machine, or whoever has the token."""

import hmac
import shutil
from collections import Counter
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.alerts.alert import Alert
from hub.alerts.table import State
from hub.console.page import rooms_of
from hub.console.rooms import Rooms
from hub.fleet.presence import Word
from hub.fleet.stations import link_of
from hub.metrics.exposition import CONTENT_TYPE, exposition
from hub.metrics.figures import Figures, families

HERE: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
PASSED_ON: Final = (
    "forwarded",
    "x-forwarded-for",
    "x-real-ip",
    "via",
)  # a proxy here speaks for somebody elsewhere
BEARER: Final = "bearer "


async def show_metrics(request: Request) -> Response:
    """GET /metrics, without a session."""
    rooms = rooms_of(request)
    if not _may(request, rooms.hub.config.metrics_token):
        return PlainTextResponse(
            "for this machine, or with [metrics] token_file of hub.toml as a bearer token\n",
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Response(exposition(families(figures(rooms))), media_type=CONTENT_TYPE)


def _may(request: Request, token: bytes) -> bool:
    said = request.headers.get("authorization", "")
    if said[: len(BEARER)].lower() == BEARER and token:
        return hmac.compare_digest(said[len(BEARER) :].strip().encode(), token)
    is_passed_on = any(name in request.headers for name in PASSED_ON)
    return not said and not is_passed_on and request.client is not None and request.client.host in HERE


def figures(rooms: Rooms) -> Figures:
    """Return the figures of now; looks at every station once."""
    hub, now_s = rooms.hub, rooms.hub.now_s()
    words: Counter[Word] = Counter()
    owed, oldest_s, statuses = 0, None, 0
    is_deaf = not hub.broker_link().is_connected
    for station in rooms.stations.ids():
        word = rooms.stations.presence(
            station, now_s=now_s, leased_since_s=rooms.leases.since_s(station)
        ).word
        words[Word.LATE if is_deaf and word is Word.LIVE else word] += 1
        now = rooms.feed.stations.get(station)
        link = None if now is None else link_of(now.status, now.status_utc_ms)
        if link is not None:
            statuses, owed = statuses + 1, owed + link.owed_count
            if link.oldest_owed_s is not None:
                oldest_s = max(oldest_s or 0.0, link.oldest_owed_s)
    try:
        free = float(shutil.disk_usage(hub.config.store_folder).free)
    except OSError:
        free = None
    return Figures(
        stations=words,
        calls=Counter(one.state for one in rooms.desk.open_calls()),
        alerts=Counter((one.severity, _whose(one)) for one in rooms.alerts.open_alerts()),
        ingest=hub.ingest_state(),
        broker=hub.broker_link(),
        now_s=now_s,
        owed_records=owed,
        owed_oldest_s=oldest_s,
        statuses=statuses,
        pages=rooms.pages(),
        disk_free_bytes=free,
        alert_looks=rooms.alerts.looked_count(),
        alert_ways_broken=len(rooms.alerts.telling.faults),
    )


def _whose(alert: Alert) -> str:
    if alert.is_quiet:
        return "quiet"
    return "owned" if alert.state is State.ACKNOWLEDGED else "unowned"
