"""Runs a profile: its calls, and the uploads beside them (core)."""

import math
import random
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from tests.simulators.links.profile import Profile
from tests.simulators.sending.browser import Browser
from tests.simulators.sending.film import FilmEncoder
from tests.simulators.sending.media import SyntheticEncoder
from tests.simulators.sending.road import Passed, Road
from tests.simulators.sending.station import Station
from tests.simulators.sending.timeline import Timeline
from tests.simulators.sending.upload import Upload
from tests.simulators.sending.vitals import send_vitals

SAMPLE_S: Final = 0.1
FIRST_UPLOAD: Final = 100  # the flows of calls are 0, 1, …


@dataclass(frozen=True, slots=True)
class Sample:
    """One call at one moment."""

    at_s: float
    target_bps: int
    round_trip_s: float | None
    is_out: bool


@dataclass(frozen=True, slots=True)
class Call:
    """What was seen of one."""

    flow: int
    begins_s: float
    samples: list[Sample]
    decoded_s: list[float]
    voice_s: list[float]
    made_up_s: float
    padding_count: int
    high_count: int  # pictures of the second track


@dataclass(frozen=True, slots=True)
class Run:
    """A profile that has been run: what became of each packet upwards, in order of its end."""

    profile: Profile
    seconds: float
    passed: list[Passed]
    calls: list[Call]


def run(
    profile: Profile,
    *,
    seconds: float | None = None,
    seed: int = 0,
    most_bps: float = math.inf,
    has_picture: bool = True,
    has_repairs: bool = True,
    has_high: bool = False,
    is_film: bool = False,
    has_vitals: bool = False,
) -> Run:
    """Run it. A `seed` of 0 has the profile's own losses and jitter, another one others.

    `most_bps`: what the content of the picture asks for at most. `has_repairs`: the browser reads repairs in
    advance. `has_high`: it takes the second track. `is_film`: the picture is one that libvpx codes.
    `has_vitals`: a box's vitals go beside the call.
    """
    seconds = profile.seconds if seconds is None else seconds
    timeline, rng = Timeline(), random.Random(seed)
    ways = [
        replace(way, seed=way.seed + 100 * seed, delay_s=max(way.delay_s, 1e-4))
        for way in (profile.up, profile.down)
    ]
    up, down = (Road(timeline, way) for way in ways)
    stations, browsers = [], []
    for flow in range(profile.flows):
        begins_s = flow * profile.stagger_s
        browsers.append(Browser(timeline, up, down, flow=flow, rng=rng, begins_s=begins_s))
        stations.append(
            Station(
                timeline,
                up,
                flow=flow,
                rng=rng,
                begins_s=begins_s,
                make_encoder=FilmEncoder if is_film else partial(SyntheticEncoder, most_bps=most_bps),
                has_picture=has_picture,
                has_repairs=has_repairs,
                has_high=has_high,
            )
        )
        down.hears[flow] = stations[-1].on_rtcp
    if has_vitals:
        send_vitals(timeline, up, rng=random.Random(seed), begins_s=0.0)
    for index, flow_times in enumerate(profile.tcp):
        Upload(timeline, up, down, flow=FIRST_UPLOAD + index, times=flow_times)
    samples: list[list[Sample]] = [[] for _ in stations]

    def sample() -> None:
        for station, known in zip(stations, samples, strict=True):
            if timeline.now_s >= station.begins_s:
                link = station.outbound.link()
                known.append(
                    Sample(
                        timeline.now_s,
                        link.target_bps,
                        link.round_trip_s,
                        station.outbound.rate.is_out,
                    )
                )
        timeline.at(timeline.now_s + SAMPLE_S, sample)

    timeline.at(0.0, sample)
    timeline.run(seconds)
    calls = [
        Call(
            flow=station.flow,
            begins_s=station.begins_s,
            samples=known,
            decoded_s=browser.shown_s,
            voice_s=browser.voice_s,
            made_up_s=browser.hearing.made_up_s,
            padding_count=browser.padding_count,
            high_count=browser.high_count,
        )
        for station, browser, known in zip(stations, browsers, samples, strict=True)
    ]
    return Run(profile, seconds, up.passed, calls)
