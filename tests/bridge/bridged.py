"""One run through mosquitto's own bridge."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bridge.mosquitto import Mosquitto, bridge_settings
from tests.bridge.schedule import Outcome, Schedule
from tests.bridge.traffic import Hearer, Publisher
from tests.simulators.cable import Cable

QUIET_S: Final = 45.0  # nothing arrives for longer than a bridge waits before it tries again: it is over
DRAIN_LIMIT_S: Final = 150.0
VARIANTS: Final = {
    "bridge": (),
    "bridge_queue_0": ("max_queued_messages 0",),
    "bridge_autosave": ("max_queued_messages 0", "autosave_on_changes true", "autosave_interval 1"),
}


def run_bridged(folder: Path, settings: Sequence[str], schedule: Schedule) -> Outcome:
    """Publish to a broker beside the sender; its bridge has `settings` beside the defaults."""
    with (
        Mosquitto(folder / "hub", ["persistence false", "max_queued_messages 0"]) as hub,
        Cable(hub.port) as cable,
    ):
        local = Mosquitto(folder / "local", bridge_settings(folder / "local", cable.port, settings))
        with local, Hearer(hub.port) as hearer, Publisher(local.port) as publisher:
            began_s, stop = time.monotonic(), threading.Event()
            publishing = threading.Thread(
                target=publisher.run, args=(began_s + schedule.end_s, stop), name="publisher"
            )
            publishing.start()
            try:
                _pause_until(began_s + schedule.before_s)
                cable.pull()
                for kill_s in schedule.kill_times_s():
                    _pause_until(began_s + kill_s)
                    local.kill()
                    local.start()
                _pause_until(began_s + schedule.replug_s)
                cable.replug()
            except BaseException:
                stop.set()
                raise
            finally:
                publishing.join()
            _drain(hearer, publisher)
            acknowledged = set(publisher.acknowledged)
            heard = hearer.heard.copy()
    return Outcome(
        sent=publisher.sent,
        acknowledged=len(acknowledged),
        arrived=len(heard),
        lost=len(acknowledged - heard.keys()),
        duplicated=sum(count - 1 for count in heard.values()),
    )


def _drain(hearer: Hearer, publisher: Publisher) -> None:
    limit_s = time.monotonic() + DRAIN_LIMIT_S
    while time.monotonic() < limit_s:
        is_all = len(publisher.acknowledged) == publisher.sent == len(hearer.heard)
        if is_all or time.monotonic() - hearer.last_s > QUIET_S:
            return
        time.sleep(0.1)  # between looks at what has arrived


def _pause_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))  # an outage lasts as long as it lasts
