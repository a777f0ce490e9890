"""What is in force (core): what the hub wants above what the engineer set at the place above what is usual.

The two documents have no key in common but two, and these have an order: `hotline` and `languages` of the
box's TOML hold until the hub names others, because a box that has never heard its hub needs them most.
`answers_emergency_ring` can take away what the place allows, never give it. Source: docs/adr/0044.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from contract.events import SettingTold
from contract.limits import QUIET_CHUNK_S
from edge.config import LANGUAGES, BoxConfig, CallConfig
from edge.health.status import STATUS_QUIET_S

VIETNAM: Final = "Asia/Ho_Chi_Minh"
VALUE_MAX_CHARS: Final = 200  # of a value that is told
Origin = Literal["hub", "place", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of now. `video_max_bps` and `video_max_height` None: as the link has room for."""

    station_name: str
    call: CallConfig
    status_every_s: float = STATUS_QUIET_S
    record_every_s: float = QUIET_CHUNK_S
    volume_pct: int = 100
    video_max_bps: int | None = None
    video_max_height: int | None = None
    time_zone: str = VIETNAM


def in_force(config: BoxConfig, wanted: Mapping[str, Any]) -> Settings:
    """Return what is in force. `wanted` has been checked, key by key, against contract.desired.SETTINGS."""
    call = config.call
    may_answer = call.auto_answer if wanted.get("answers_emergency_ring", True) else "never"
    call = replace(
        call,
        hotline=wanted.get("hotline", call.hotline),
        languages=tuple(wanted.get("languages", call.languages)),
        auto_answer=may_answer,
    )
    settings = Settings(station_name=wanted.get("station_name", config.name), call=call)
    return replace(
        settings,
        status_every_s=float(wanted.get("status_every_s", settings.status_every_s)),
        record_every_s=float(wanted.get("record_every_s", settings.record_every_s)),
        volume_pct=wanted.get("volume_pct", settings.volume_pct),
        video_max_bps=wanted.get("video_max_bps"),
        video_max_height=wanted.get("video_max_height"),
        time_zone=wanted.get("time_zone", settings.time_zone),
    )


def told_in_force(config: BoxConfig, wanted: Mapping[str, Any]) -> tuple[SettingTold, ...]:
    """Return every setting that the hub may set, as it is in force, and who set it so."""
    settings = in_force(config, wanted)
    values: dict[str, tuple[Any, Origin]] = {
        "station_name": (settings.station_name, "default" if config.station_name is None else "place"),
        "hotline": (settings.call.hotline, "default" if config.call.hotline is None else "place"),
        "languages": (
            list(settings.call.languages),
            "default" if config.call.languages == LANGUAGES else "place",
        ),
        "answers_emergency_ring": (settings.call.auto_answer == "emergency", "place"),
        "status_every_s": (round(settings.status_every_s), "default"),
        "record_every_s": (round(settings.record_every_s), "default"),
        "volume_pct": (settings.volume_pct, "default"),
        "video_max_bps": (settings.video_max_bps, "default"),
        "video_max_height": (settings.video_max_height, "default"),
        "time_zone": (settings.time_zone, "default"),
    }
    return tuple(
        _told(name, value, "hub" if name in wanted else origin) for name, (value, origin) in values.items()
    )


def told_of_the_place(config: BoxConfig) -> tuple[SettingTold, ...]:
    """Return what only the engineer at the place sets. Files of keys and certificates are not named: whoever
    may read this at the hub has nothing to do with them.
    """
    button = None if config.button is None else f"{config.button.kind}:{config.button.place}"
    devices = [one.driver for one in config.devices]
    values = {
        "hub.host": config.hub_host,
        "hub.port": config.hub_port,
        "hub.front_port": config.front_port,
        "board.port": None if config.board_port is None else str(config.board_port),
        "button": button,
        "call.auto_answer": config.call.auto_answer,
        "call.voice": config.call.voice,
        "device": devices,
        "panel.port": config.panel.port,
        "print.to": config.print_to,
        "spool.quota_bytes": config.quota_bytes,
        "commands.restart": bool(config.restart_command),
        "video.camera": config.video.camera.partition(":")[0],
        "video.microphone": config.video.microphone.partition(":")[0],
        "video.loudspeaker": config.video.loudspeaker.partition(":")[0],
        "video.screen": config.video.screen.partition(":")[0],
    }
    return tuple(_told(name, value, "place") for name, value in values.items())


def _told(name: str, value: object, origin: Origin) -> SettingTold:
    text = json.dumps(value, ensure_ascii=False)
    return SettingTold(name=name, value=text[:VALUE_MAX_CHARS], origin=origin)
