import os
from pathlib import Path

import pytest

from supervisor.notify import STATUS_MAX, Supervisor
from tests.supervised import Listening


def test_it_says_what_systemd_reads(tmp_path: Path) -> None:
    with Listening(tmp_path / "notify") as listening:
        environment = {
            "NOTIFY_SOCKET": str(listening.path),
            "WATCHDOG_USEC": "30000000",
            "WATCHDOG_PID": "7",
            "HOME": "/",
        }
        supervisor = Supervisor.found_in(environment, pid=7)
        assert environment == {"HOME": "/"}, "children are not asked"
        assert supervisor.watchdog_s == 30.0
        assert supervisor.say_ready("samples\ncome")
        supervisor.say_status("samples\ncome")  # no news
        supervisor.say_status("x" * 1_000)
        supervisor.say_alive()
        supervisor.ask_for_time(30.0)
        supervisor.say_stopping()
        assert listening.names() == [
            "READY",
            "STATUS",
            "STATUS",
            "WATCHDOG",
            "EXTEND_TIMEOUT_USEC",
            "STOPPING",
        ]
        assert listening.values("STATUS") == ["samples come", "x" * STATUS_MAX]
        assert listening.values("EXTEND_TIMEOUT_USEC") == ["30000000"]


def test_an_abstract_address_is_heard_too(tmp_path: Path) -> None:
    name = f"haidang-test-{os.getpid()}"
    with Listening(Path(f"\0{name}")) as listening:
        Supervisor(f"@{name}").say_ready("here")
        assert listening.names() == ["READY", "STATUS"]


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, {"WATCHDOG_USEC": "soon"}],
)
def test_whom_nobody_watches_says_no_sign_of_life(tmp_path: Path, environment: dict[str, str]) -> None:
    with Listening(tmp_path / "notify") as listening:
        supervisor = Supervisor.found_in({**environment, "NOTIFY_SOCKET": str(listening.path)}, pid=7)
        supervisor.say_alive()
        assert supervisor.watchdog_s is None
        assert listening.names() == []


def test_without_a_supervisor_nothing_is_said_and_nothing_fails() -> None:
    supervisor = Supervisor.found_in({}, pid=7)
    assert supervisor.say_ready("here")
    supervisor.say_status("still here")
    supervisor.say_stopping()


def test_one_that_does_not_read_or_is_gone_stops_nobody_and_readiness_is_said_again(tmp_path: Path) -> None:
    supervisor = Supervisor(str(tmp_path / "notify"), watchdog_s=1.0)
    assert not supervisor.say_ready("here")
    with Listening(tmp_path / "notify") as listening:
        assert supervisor.say_ready("here")
        for _ in range(10_000):  # far more than a socket holds
            supervisor.say_alive()
        assert listening.names()[0] == "READY"
