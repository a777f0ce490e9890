"""Each file of systemd/ goes where systemd looks for it on the box; what is the hub's stays away."""

from pathlib import Path

import pytest

from images.units import is_enabled, place


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("box/haidang-vitals.service", "systemd/system/haidang-vitals.service"),
        ("haidang-panel.socket", "systemd/system/haidang-panel.socket"),
        ("box/haidang-.service.d/limits.conf", "systemd/system/haidang-.service.d/limits.conf"),
        ("udev/60-haidang.rules", "udev/rules.d/60-haidang.rules"),
        ("box/sysusers.d/haidang.conf", "sysusers.d/haidang.conf"),
        ("tmpfiles.d/haidang.conf", "tmpfiles.d/haidang.conf"),
        ("journald.conf.d/haidang.conf", "systemd/journald.conf.d/haidang.conf"),
        ("box/system.conf.d/watchdog.conf", "systemd/system.conf.d/watchdog.conf"),
        ("box/haidang/folders.conf", "haidang/folders.conf"),
        ("box/haidang/box.toml", "haidang/box.toml"),
        ("hub/system/haidang.target", None),
        ("hub/haidang-hub.service", None),
        ("haidang-hub.service", None),
        ("README.md", None),
    ],
)
def test_a_file_has_one_place(path: str, there: str | None) -> None:
    assert place(Path(path)) == (None if there is None else Path(there))


def test_a_unit_that_another_is_to_start_is_enabled() -> None:
    assert is_enabled("[Unit]\n[Install]\nWantedBy=multi-user.target\n")
    assert not is_enabled("[Unit]\nDescription=[Install] it by hand\n")
