"""What `edge doctor` finds, from what the running service sees (core)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from contract.events import Status
from contract.ids import NO_VISIT, BootId, VisitNo
from contract.media import PeerMedia
from contract.times import Anchor
from edge.call.station_call import StationCall
from edge.call.station_table import OPEN
from edge.call.video_messages import DevicesNow
from edge.capture.device import DeviceSight
from edge.config import BoxConfig
from edge.health.certificate import certificate_finding
from edge.health.device_findings import device_findings
from edge.health.report import NO_CALL, Finding, Report
from edge.health.self_test import SelfTestNow
from edge.network.findings import network_findings
from edge.network.told import NetworkNow
from edge.prompts.prompts_now import PromptsNow, prompt_findings
from edge.spool.hub_keys import HubKeys
from edge.uplink.link_state import LinkState
from firmware_bridge.events import Counters
from firmware_bridge.ports.port_sights import PortSight

LATE_RECEIPT_S: Final = 60.0  # something is owed, and the hub has said nothing for so long
LOW_DISK_BYTES: Final = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideSight:
    """A spool file that was set aside and is not yet recovered from."""

    file: str
    why: str
    is_known: bool  # whose records these are
    waits_for: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSight:
    """How sound the card is, as far as the check of the spool has come since the start."""

    check_share: float | None = None  # of the pass that runs; None: none does
    check_passes: int = 0
    damaged_records: int = 0
    asides: tuple[AsideSight, ...] = ()
    recovered: tuple[str, int, int] | None = None  # why set aside, records recovered, lost
    former_owed: int = 0  # records of former spools


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything the service sees at one moment."""

    config: BoxConfig
    now_us: int
    boot: BootId
    boot_name: str
    counters: Counters | None  # of our board; None: the box has none
    devices: Sequence[DeviceSight]
    ports: Sequence[PortSight]
    visit: VisitNo
    asks_visit_over: bool
    awaits_sensors_off: bool
    status: Status
    hub_keys: HubKeys
    spool_problem: str | None
    lost_batches: int
    damaged_drafts: int
    dropped_events: int
    unstored_presses: int
    card: CardSight
    link: LinkState
    anchor: Anchor | None
    call: StationCall
    media: DevicesNow  # all closed outside a call
    operator: PeerMedia | None  # what the operator's page has; None: no page
    certificate_ends_utc_s: float | None = None  # None: it cannot be read
    prompts: PromptsNow | None = None  # None: the box does not speak
    self_test: SelfTestNow = field(default_factory=SelfTestNow)
    machine: str = ""  # what it calls itself (edge.machine_name)
    mended_by: str = ""  # the command that mended the card's file system at this start; "": it needed none
    network: tuple[NetworkNow | None, float] = (None, 0.0)  # the links, and how long ago they were so, s


def report_of(sight: Sight) -> Report:
    """Return the findings, from the skin to the hub."""
    return Report(
        station=sight.config.station,
        findings=(
            *device_findings(
                board_port=sight.config.board_port,
                counters=sight.counters,
                devices=sight.devices,
                ports=sight.ports,
                dropped_events=sight.dropped_events,
            ),
            _clock(sight),
            *_spool(sight),
            *_card(sight.card),
            *_file_system(sight.mended_by),
            _seal(sight),
            certificate_finding(sight.certificate_ends_utc_s, now_utc_s=_now_utc_s(sight)),
            *network_findings(sight.network[0], age_s=sight.network[1]),
            _link(sight),
            _hub(sight),
            _visit(sight),
            _call(sight),
            *_media(sight),
            *prompt_findings(sight.prompts),
            *_self_test(sight.self_test),
        ),
    )


def _self_test(now: SelfTestNow) -> Iterator[Finding]:
    """What the last one since the start found; nothing where there was none."""
    if now.ill:
        text = "; ".join(f"{one.part}: {one.text}" for one in now.ill)
        remedy = "see to each, then test again: edge self-test"
        yield Finding(part="self-test", is_well=False, text=text, remedy=remedy)
    elif now.result is not None:
        yield Finding(part="self-test", is_well=True, text="all was well")


def _clock(sight: Sight) -> Finding:
    machine = f" of {sight.machine}" if sight.machine else ""
    boot = f"boot {sight.boot} ({sight.boot_name[:8]}){machine}, up {sight.now_us / 1e6:.0f} s"
    if sight.anchor is None:
        remedy = "nothing to do: times are repaired when the hub is reached"
        return Finding(part="clock", is_well=False, text=f"{boot}, not yet tied to UTC", remedy=remedy)
    return Finding(
        part="clock", is_well=True, text=f"{boot}, tied to UTC within {sight.anchor.err_us / 1000:.1f} ms"
    )


def _spool(sight: Sight) -> Iterator[Finding]:
    status = sight.status
    owed = ", ".join(f"{one.records} of class {name}" for name, one in status.owed.items() if one.records)
    text = f"{status.spool_bytes / 1e6:.1f} MB used, owed: {owed or 'nothing'}; {_checked(sight.card)}"
    lost = f"; {sight.lost_batches} times a second or more was lost" if sight.lost_batches else ""
    if sight.spool_problem is not None:
        remedy = "free space on its partition; if there is space, change the card"
        yield Finding(part="spool", is_well=False, text=sight.spool_problem + lost, remedy=remedy)
    elif status.disk_free_bytes < LOW_DISK_BYTES:
        text += f", only {status.disk_free_bytes / 1e6:.0f} MB free on the partition"
        yield Finding(part="spool", is_well=False, text=text, remedy="free space on its partition")
    else:
        yield Finding(part="spool", is_well=True, text=text + lost)
    if sight.damaged_drafts:
        text = f"{sight.damaged_drafts} seconds of before the start were damaged on the card and are lost"
        yield Finding(part="spool", is_well=False, text=text, remedy="change the card soon; keep the old one")
    if sight.unstored_presses:
        yield Finding(
            part="spool",
            is_well=False,
            text=f"{sight.unstored_presses} presses of the button are not stored; it is tried each second",
            remedy="free space at once: the button is not safe now; call by telephone",
        )


def _checked(card: CardSight) -> str:
    if card.check_share is not None:
        return f"checked to {card.check_share:.0%}"
    return f"checked {card.check_passes} times since the start" if card.check_passes else "not yet checked"


def _card(card: CardSight) -> Iterator[Finding]:
    """What of the card's own faults was found, and what became of it."""
    change = "change the card soon; what could be read is sent to the hub by itself"
    if card.damaged_records:
        text = f"{card.damaged_records} records were damaged on the card and are given up"
        yield Finding(part="spool", is_well=False, text=text, remedy=change)
    for aside in card.asides:
        text = f"{aside.file} was set aside ({aside.why})"
        if not aside.is_known:
            remedy = "keep the file: nobody can tell whose records are in it; change the card"
        elif aside.waits_for is not None:
            text, remedy = f"{text} and recovery waits for: {aside.waits_for}", "free space on its partition"
        else:
            text, remedy = f"{text} and is being recovered from", change
        yield Finding(part="spool", is_well=False, text=text, remedy=remedy)
    if card.recovered is not None:
        why, recovered, lost = card.recovered
        text = f"{recovered} records were recovered and {lost} lost of a file that was set aside ({why})"
        yield Finding(part="spool", is_well=False, text=text, remedy=change)
    if card.former_owed:
        text = f"{card.former_owed} records of former spools are still owed"
        yield Finding(part="spool", is_well=True, text=text)


def _file_system(mended_by: str) -> Iterator[Finding]:
    """What had to be mended without a question; the spool says itself what of it is damaged."""
    if mended_by:
        text = f"the card's file system was damaged, and was mended at this start by {mended_by[:80]}"
        yield Finding(part="card", is_well=False, text=text, remedy="change the card soon; it was torn")


def _seal(sight: Sight) -> Finding:
    keys = sight.hub_keys
    text = f"sealed to key {keys.current.number} of the hub"
    if keys.refused_count:
        text += f"; {keys.refused_count} offers of another were not taken, last: {keys.refused_text}"
        remedy = "tell the hub's operator: it has lost a key (hub seal list), or somebody meddles"
        return Finding(part="seal", is_well=False, text=text, remedy=remedy)
    return Finding(part="seal", is_well=True, text=text)


def _now_utc_s(sight: Sight) -> float | None:
    """Return the hub's time of now; None: it has not told it since the start."""
    anchor = sight.anchor
    return None if anchor is None else (anchor.utc_us + sight.now_us - anchor.t_us) / 1e6


def _link(sight: Sight) -> Finding:
    link = sight.link
    where = f"{sight.config.hub_host}:{link.port or sight.config.hub_port}"
    if link.connected_since_s is None:
        text = link.problem or f"not connected to {where}"
        return Finding(
            part="link", is_well=False, text=text, remedy="check cable and modem; what is captured is kept"
        )
    if link.refused_by_broker is not None:
        remedy = f"enrol the box again: {sight.config.box_name} must be the name in its certificate"
        return Finding(part="link", is_well=False, text=link.refused_by_broker, remedy=remedy)
    round_trip = "" if sight.status.round_trip_ms is None else f", round trip {sight.status.round_trip_ms} ms"
    since_s = sight.now_us / 1e6 - link.connected_since_s
    return Finding(part="link", is_well=True, text=f"connected to {where} for {since_s:.0f} s{round_trip}")


def _hub(sight: Sight) -> Finding:
    link, owes = sight.link, any(one.records for one in sight.status.owed.values())
    if sight.status.refused:
        text = f"the hub refuses {sight.status.refused} records; they are kept here"
        return Finding(
            part="hub", is_well=False, text=text, remedy="tell the hub's operator: versions or keys differ"
        )
    if link.last_receipt_s is None:
        return Finding(
            part="hub", is_well=False, text="no receipt since the start", remedy="check that the hub runs"
        )
    age_s = sight.now_us / 1e6 - link.last_receipt_s
    if owes and age_s > LATE_RECEIPT_S:
        text = f"the last receipt came {age_s:.0f} s ago and records are owed"
        return Finding(
            part="hub", is_well=False, text=text, remedy="check that the hub runs; what is captured is kept"
        )
    return Finding(part="hub", is_well=True, text=f"last receipt {age_s:.0f} s ago")


def _visit(sight: Sight) -> Finding:
    if sight.awaits_sensors_off:
        text = "a sensor is still on the person before: what is measured now is nobody's"
        remedy = "take all sensors off once; unplug for a moment what cannot tell that it is off"
        return Finding(part="visit", is_well=False, text=text, remedy=remedy)
    if sight.visit == NO_VISIT:
        return Finding(part="visit", is_well=True, text="nobody is being seen")
    text = f"visit {sight.visit} is open"
    if sight.asks_visit_over:
        return Finding(part="visit", is_well=True, text=f"{text}; all sensors are off: is it over?")
    return Finding(part="visit", is_well=True, text=text)


def _call(sight: Sight) -> Finding:
    call = sight.call
    if call.state not in OPEN:
        practice = f"; the next press is practice ({call.practising.kind})" if call.practising.is_on else ""
        text = call.state.value if call.ring.is_on else NO_CALL
        return Finding(part="call", is_well=True, text=f"{text}{practice}")
    by = f" by {call.claimed_by}" if call.claimed_by else ""
    kind = "practice call" if call.practice else "emergency call" if call.is_raised else "call"
    state = call.state.name.lower().replace("_", " ")
    return Finding(part="call", is_well=True, text=f"{kind} {call.call_seq}: {state}{by}")


def _media(sight: Sight) -> Iterator[Finding]:
    """Camera, microphone and loudspeaker of a call, and what the operator's side lacks."""
    if sight.call.state not in OPEN:
        return
    devices = {
        "camera": sight.media.camera,
        "microphone": sight.media.microphone,
        "loudspeaker": sight.media.loudspeaker,
    }
    text = ", ".join(f"{name} {state}" for name, state in devices.items())
    faults = [name for name, state in devices.items() if state in ("missing", "busy", "lost")]
    remedy = sight.media.text or f"check the {' and the '.join(faults)}, and [video] in {sight.config.file}"
    yield Finding(part="media", is_well=not faults, text=text, remedy=remedy if faults else "")
    if sight.operator is not None and sight.operator.microphone != "on":
        yield Finding(
            part="media",
            is_well=sight.operator.microphone == "off",  # a wish
            text=f"the operator's microphone is {sight.operator.microphone}: nobody is heard here",
            remedy="speak all the same, you may be heard; or call by telephone",
        )
