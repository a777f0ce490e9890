"""What rules may know of a station, out of what the hub knows of it today (core)."""

from collections.abc import Mapping
from math import inf

from contract.ids import BootId
from hub.alerts.facts import Fact, StationFacts
from hub.fleet.presence import Presence
from hub.fleet.stations import link_of
from hub.live.devices import Trouble
from hub.live.station_now import StationNow


def station_facts(
    now: StationNow,
    presence: Presence,
    *,
    hears_since_s: float | None,
    pressed_utc_us: int | None,
    copied: Fact | None,
    now_s: float,
    now_utc_us: int,
) -> StationFacts:
    """Return the facts of one station. `hears_since_s`: since when the hub can hear stations at all, None: it
    cannot now; `pressed_utc_us`: when the last press of its button came, None: none ever did;
    `copied`: whether two machines use a key of it, None: nobody knows yet.
    """
    heard_s = None if presence.age_s is None else now_s - presence.age_s
    if heard_s is None:
        return StationFacts()  # it was never there: nothing can be the matter with it
    return StationFacts(
        silent=_silence(heard_s, hears_since_s),
        button_test=_since_press(pressed_utc_us, now_s, now_utc_us),
        copied=copied,
        **_of_status(now, now_s=now_s, now_utc_us=now_utc_us),
        **_of_devices(now, heard_s, now_s=now_s, now_utc_us=now_utc_us),
    )


def _silence(heard_s: float, hears_since_s: float | None) -> Fact | None:
    """Silence counts while the hub could have heard: what was before is nobody's to say."""
    if hears_since_s is None:
        return None
    if heard_s < hears_since_s:
        return Fact(since_s=hears_since_s, is_floor=True)
    return Fact(since_s=heard_s)


def _since_press(pressed_utc_us: int | None, now_s: float, now_utc_us: int) -> Fact:
    if pressed_utc_us is None:
        return Fact(value=inf)
    return Fact(since_s=now_s - max(0, now_utc_us - pressed_utc_us) / 1e6)


def _of_status(now: StationNow, *, now_s: float, now_utc_us: int) -> Mapping[str, Fact]:
    """A status says how the box was when it was made, however late it came."""
    status, at_ms = now.status, now.status_utc_ms
    if status is None or at_ms is None:
        return {}
    told_s = now_s - max(0.0, now_utc_us / 1e6 - at_ms / 1000)
    link = link_of(status, at_ms)
    clock_err_s = now.clock_err_s()
    values = {
        "owed_age": None if link is None else (link.oldest_owed_s or 0.0) if link.owed_count else 0.0,
        "owed_count": None if link is None else link.owed_count,
        "spool_size": status.spool_bytes,
        "disk_free": status.disk_free_bytes,
        "round_trip": None if status.round_trip_ms is None else status.round_trip_ms / 1000,
        "clock_unsure": clock_err_s,
        "temperature": status.cpu_c,
        "under_voltage": None if status.power is None else float(status.power == "low"),
        "disk_free_share": None if not status.disk_mb else status.disk_free_bytes / 1e6 / status.disk_mb,
        "clock_offset": None if status.clock_off_ms is None else abs(status.clock_off_ms) / 1000,
    }
    return {name: Fact(float(value), told_s) for name, value in values.items() if value is not None}


def _of_devices(now: StationNow, heard_s: float, *, now_s: float, now_utc_us: int) -> Mapping[str, Fact]:
    """Devices are as the station last said, for as long as it is heard."""
    if now.spool is None:
        return {}
    troubles = now.devices.troubles(now.visit)
    fields = {"contact": "leads_off", "gone": "device_gone", "fault": "device_fault"}
    found = {}
    for kind, name in fields.items():
        known = _longest([one for one in troubles if one.kind == kind], now, heard_s, now_s, now_utc_us)
        if known is not None:
            found[name] = known
    return found


def _longest(
    troubles: list[Trouble], now: StationNow, heard_s: float, now_s: float, now_utc_us: int
) -> Fact | None:
    if not troubles:
        return Fact(told_s=heard_s)
    moments = [now.times.utc_ms(BootId(one.at[0]), one.at[1]) for one in troubles]
    known = [at_ms for at_ms in moments if at_ms is not None]
    if not known:
        return None
    about = ", ".join(sorted({now.devices.full_name(one.device) for one in troubles}))
    since_s = now_s - max(0.0, now_utc_us / 1e6 - min(known) / 1000)
    return Fact(told_s=heard_s, since_s=since_s, about=about)
