"""What the box says to systemd itself, by files beside its own settings: systemd/box/*.conf.d."""

import re
from typing import Final

import pytest

from tests.integration.test_units import UNITS, analyze, unit

DROP_INS: Final = {
    "journald.conf.d": ("Journal", {"Storage", "RuntimeMaxUse", "RuntimeMaxFileSize"}),
    "timesyncd.conf.d": ("Time", {"NTP", "SaveIntervalSec"}),
    "system.conf.d": ("Manager", {"RuntimeWatchdogSec", "RebootWatchdogSec"}),
}


@pytest.mark.parametrize("folder", DROP_INS)
def test_a_drop_in_sets_what_systemd_knows(folder: str) -> None:
    section, wanted = DROP_INS[folder]
    keys = unit(UNITS / "box" / folder / "haidang.conf")
    assert {f"{section}.{name}" for name in wanted} <= set(keys)
    for key in keys:
        assert key.removeprefix(f"{section}.") in known_to_systemd(folder), key


def known_to_systemd(folder: str) -> set[str]:
    if folder == "timesyncd.conf.d":  # of a package of its own; timesyncd.conf(5)
        return {"NTP", "FallbackNTP", "ConnectionRetrySec", "SaveIntervalSec", "PollIntervalMaxSec"}
    shown = analyze("cat-config", f"systemd/{folder.removesuffix('.d')}").stdout
    return set(re.findall(r"^#(\w+)=", shown, re.MULTILINE))


def test_the_journal_and_the_machines_watchdog_stay_within_what_the_box_has() -> None:
    journal = unit(UNITS / "box/journald.conf.d/haidang.conf")
    assert (journal["Journal.Storage"], journal["Journal.RuntimeMaxUse"]) == (["volatile"], ["32M"])
    manager = unit(UNITS / "box/system.conf.d/haidang.conf")
    assert manager["Manager.RuntimeWatchdogSec"] == ["15s"], "the Pi's counter has no more"
