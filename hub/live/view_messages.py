"""The texts of a station's live view (core). Source: docs/live.md."""

import json
from typing import Final

from contract.ids import StationId, visit_code
from hub.console.live_frames import LeadsMessage, Stream, ValuesMessage, ViewMessage, Visit
from hub.live.station_now import StationNow

LEAD_OFF_WORDS: Final = {  # by shape of the stream; keys of the catalogue
    "ecg": "Tuột điện cực",
    "pleth": "Tuột đầu dò SpO2",
    "numeric": "Tuột đầu dò SpO2",
}


def view_text(station: StationId, now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "view" message: what the page may draw from here on."""
    visit: Visit | None = None
    if now.visit is not None and now.spool is not None:
        visit = {
            "no": str(now.visit.no),
            "code": visit_code(now.spool, now.visit.no),
            "opened_ms": now.opened_utc_ms(),
        }
    streams: list[Stream] = [
        {
            "stream_id": stream_id,
            "set_no": set_no,
            "mdc": stream.mdc,
            "label": stream.label,
            "rate_mhz": now.rate_mhz(set_no, stream),
            "scale": stream.scale,
            "unit": stream.unit,
            "kind": stream.shape,
        }
        for stream_id, (set_no, _, stream) in enumerate(now.streams())
    ]
    message: ViewMessage = {
        "type": "view",
        "station": station,
        "now_ms": now_utc_ms,
        "visit": visit,
        "streams": streams,
    }
    return json.dumps(message)


def empty_view_text(station: StationId, *, now_utc_ms: float) -> str:
    """Return a view of nothing: everything that is drawn goes away."""
    message: ViewMessage = {
        "type": "view",
        "station": station,
        "now_ms": now_utc_ms,
        "visit": None,
        "streams": [],
    }
    return json.dumps(message)


def values_text(now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "values" message."""
    message: ValuesMessage = {
        "type": "values",
        "values": now.values(now_utc_ms=now_utc_ms),
        "now_ms": now_utc_ms,
    }
    return json.dumps(message)


def leads_texts(now: StationNow) -> list[str]:
    """Return a "leads" message for each stream that is drawn."""
    texts = []
    for stream_id, (_, device, stream) in enumerate(now.streams()):
        is_off = now.is_off(device, stream)
        message: LeadsMessage = {
            "type": "leads",
            "stream_id": stream_id,
            "mask": int(is_off and stream.shape == "ecg"),
            "probe": int(is_off and stream.shape != "ecg"),
            "text_key": LEAD_OFF_WORDS[stream.shape] if is_off else None,
        }
        texts.append(json.dumps(message))
    return texts
