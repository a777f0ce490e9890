"""The texts of the live view on the station's own screen (core), without `now_ms`. Source: docs/live.md."""

from collections.abc import Mapping
from typing import Any, Final

from contract.codes import IMPEDANCE, Condition
from contract.ids import NO_VISIT
from edge.capture.device import DeviceSight
from edge.capture.recent import Key
from edge.live.look import Look, Shown
from edge.live.numbers import values
from edge.panel.words import WORDS

Text = dict[str, Any]
REVERSAL: Final = "nghi ngờ mắc ngược điện cực {electrodes}; không tự sửa"
LEADS_OFF: Final = "tuột điện cực {electrodes}"
ON_ECG: Final = frozenset({Condition.LEAD_OFF, Condition.ARTIFACT})  # the others stand with the device
ON_PLETH: Final = frozenset(
    {Condition.PROBE_OFF, Condition.PROBE_FAULT, Condition.SEARCHING}
    | {Condition.WEAK_SIGNAL, Condition.ARTIFACT}
)


def texts(look: Look, ids: Mapping[Key, int]) -> list[Text]:
    """Return all of them, the view first. `ids`: of the streams that have one; the others are not drawn."""
    streams = [one for one in look.streams() if one.key in ids]
    return [
        {
            "type": "view",
            "station": look.station,
            "visit": None
            if look.visit == NO_VISIT
            else {"no": str(look.visit), "code": look.code, "opened_ms": None},
            "streams": [_stream(look, one, ids[one.key]) for one in streams],
        },
        {"type": "notices", "streams": _notices(streams, ids)},
        {"type": "devices", "devices": [_device(look, one) for one in look.devices()]},
        {"type": "values", "values": values(look) if look.visit != NO_VISIT else []},
        {"type": "link", "news": look.news, "clock": look.clock_no, "is_utc_known": look.is_utc_known},
    ]


def _stream(look: Look, shown: Shown, stream_id: int) -> Text:
    stream, device = shown.stream, shown.sight
    return {
        "stream_id": stream_id,
        "set_no": shown.key[0],
        "mdc": stream.mdc,
        "label": stream.label,
        "rate_mhz": look.recent.rate_mhz(shown.key, stream),
        "scale": stream.scale,
        "unit": stream.unit,
        "kind": stream.shape,
        "device": device.name,
        "device_name": look.name(device),
        "unverified": device.unverified or None,
        "detects_pacing": device.streams is not None and device.streams.detects_pacing is True,
    }


def _notices(streams: list[Shown], ids: Mapping[Key, int]) -> list[Text]:
    told = [(ids[one.key], _notices_of(one)) for one in streams if one.stream.shape != "numeric"]
    return [{"stream_id": stream_id, "notices": notices} for stream_id, notices in told if notices]


def _notices_of(shown: Shown) -> list[Text]:
    stream, device = shown.stream, shown.sight
    is_by_electrodes = stream.shape == "ecg" or stream.mdc == IMPEDANCE
    held = [one for one in device.conditions if one in (ON_ECG if is_by_electrodes else ON_PLETH)]
    notices = []
    if stream.stream in device.off:
        if is_by_electrodes and device.electrodes_off:
            notices.append(_said(LEADS_OFF, electrodes=" ".join(device.electrodes_off)))
        else:
            held.insert(0, Condition.LEAD_OFF if is_by_electrodes else Condition.PROBE_OFF)
    notices += [_said(WORDS["vi"][one]) for one in dict.fromkeys(held)]
    return [*notices, *_reversal(device)] if stream.shape == "ecg" else notices


def _device(look: Look, device: DeviceSight) -> Text:
    return {
        "device": device.name,
        "name": look.name(device),
        "word": device.state,
        "unverified": device.unverified or None,
        "notices": [*(_said(WORDS["vi"][one]) for one in device.conditions), *_reversal(device)],
    }


def _reversal(device: DeviceSight) -> list[Text]:
    if device.suspected is None:
        return []
    return [_said(REVERSAL, electrodes=device.suspected.value.replace("-", "–"))]


def _said(key: str, **places: str) -> Text:
    return {"key": key, "values": places}
