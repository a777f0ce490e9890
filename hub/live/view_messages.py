"""The texts of a station's live view (core). Source: docs/live.md."""

import json
from typing import Final

from contract.codes import IMPEDANCE, Condition
from contract.ids import StationId, visit_code
from hub.console.live_texts import (
    DeviceEntry,
    DevicesMessage,
    MeasurementsMessage,
    Notice,
    NoticesMessage,
    Stream,
    ValuesMessage,
    ViewMessage,
    Visit,
)
from hub.live.devices import Shown
from hub.live.electrodes import electrodes_off
from hub.live.instrument_phrases import keys_or_none
from hub.live.measure_words import ELECTRODE_OFF, REVERSAL, condition_word
from hub.live.station_now import StationNow

ON_ECG: Final = frozenset({Condition.LEAD_OFF, Condition.ARTIFACT})  # the others stand with the device
ON_PLETH: Final = frozenset(
    {Condition.PROBE_OFF, Condition.PROBE_FAULT, Condition.SEARCHING}
    | {Condition.WEAK_SIGNAL, Condition.ARTIFACT}
)


def view_text(station: StationId, now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "view" message: what the page may draw from here on."""
    visit: Visit | None = None
    if now.visit is not None and now.spool is not None:
        visit = {
            "no": str(now.visit.no),
            "code": visit_code(now.spool, now.visit.no),
            "opened_ms": now.opened_utc_ms(),
        }
    return _json(
        ViewMessage(
            type="view",
            station=station,
            now_ms=now_utc_ms,
            visit=visit,
            streams=[_stream(now, shown) for shown in now.streams()],
        )
    )


def empty_view_text(station: StationId, *, now_utc_ms: float) -> str:
    """Return a view of nothing: everything that is drawn goes away."""
    return _json(ViewMessage(type="view", station=station, now_ms=now_utc_ms, visit=None, streams=[]))


def values_text(now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "values" message."""
    return _json(ValuesMessage(type="values", values=now.values(now_utc_ms=now_utc_ms), now_ms=now_utc_ms))


def devices_text(now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "devices" message."""
    devices, visit = now.devices, now.visit
    entries = []
    for device in devices.listed(visit):
        of_set = devices.set_of(device)
        entries.append(
            DeviceEntry(
                device=device,
                name=devices.name(device),
                word=devices.word(device),
                unverified=None if of_set is None else keys_or_none(of_set.unverified),
                notices=[*map(_notice, devices.conditions(device, visit)), *_reversal(now, device)],
            )
        )
    return _json(DevicesMessage(type="devices", devices=entries, now_ms=now_utc_ms))


def measurements_text(now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "measurements" message."""
    return _json(MeasurementsMessage(type="measurements", measurements=now.measurements(), now_ms=now_utc_ms))


def notices_text(now: StationNow, *, now_utc_ms: float) -> str:
    """Return the "notices" message: of each strip of which something is to be said."""
    told = [(shown.stream_id, _notices(now, shown)) for shown in now.streams()]
    return _json(
        NoticesMessage(
            type="notices",
            streams=[{"stream_id": stream_id, "notices": notices} for stream_id, notices in told if notices],
            now_ms=now_utc_ms,
        )
    )


def _stream(now: StationNow, shown: Shown) -> Stream:
    stream, of_set = shown.stream, now.devices.set_of(shown.device)
    return {
        "stream_id": shown.stream_id,
        "set_no": shown.set_no,
        "mdc": stream.mdc,
        "label": stream.label,
        "rate_mhz": now.rate_mhz(shown.set_no, stream),
        "scale": stream.scale,
        "unit": stream.unit,
        "kind": stream.shape,
        "device": shown.device,
        "device_name": now.devices.name(shown.device),
        "unverified": None if of_set is None else keys_or_none(of_set.unverified),
        "detects_pacing": of_set is not None and of_set.detects_pacing is True,
    }


def _notices(now: StationNow, shown: Shown) -> list[Notice]:
    stream, devices = shown.stream, now.devices
    if stream.shape == "numeric":
        return []
    is_by_electrodes = stream.shape == "ecg" or stream.mdc == IMPEDANCE
    on_strip = ON_ECG if is_by_electrodes else ON_PLETH
    held = [word for word in devices.conditions(shown.device, now.visit) if word in on_strip]
    if stream.stream in devices.off(shown.device):
        held.insert(0, Condition.LEAD_OFF if is_by_electrodes else Condition.PROBE_OFF)
    notices = [
        _electrode(now, shown) if word == Condition.LEAD_OFF and stream.shape == "ecg" else _notice(word)
        for word in dict.fromkeys(map(str, held))
    ]
    return [*notices, *_reversal(now, shown.device)] if stream.shape == "ecg" else notices


def _electrode(now: StationNow, shown: Shown) -> Notice:
    """Lead off, by the electrode that came off where the leads tell which."""
    of_set = now.devices.set_of(shown.device)
    off = now.devices.off(shown.device)
    electrodes = "" if of_set is None else electrodes_off(of_set.streams, off)
    if not electrodes:
        return _notice(Condition.LEAD_OFF)
    return {"key": ELECTRODE_OFF, "values": {"electrodes": electrodes}}


def _notice(condition: str) -> Notice:
    return {"key": condition_word(condition), "values": {}}


def _reversal(now: StationNow, device: str) -> list[Notice]:
    suspected = now.devices.reversal(device, now.visit)
    if suspected is None:
        return []
    return [{"key": REVERSAL, "values": {"electrodes": suspected[:40].replace("-", "–")}}]


def _json(message: object) -> str:
    return json.dumps(message, ensure_ascii=False)
