"""A box that was never here before, against a hub as it stands on a server: mosquitto, HTTPS, `hub serve`."""

import asyncio
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.clock import BoxClock
from edge.config import read_config
from edge.enrolment.box_file import BoxFile, parse_box_file
from edge.enrolment.box_key import BoxKey
from edge.enrolment.enrol_service import Enrolment
from edge.enrolment.files import write_file
from edge.enrolment.hub_desk import HubDesk
from edge.enrolment.told import Doing, Told
from edge.errors import EnrolmentError
from tests.broker import free_port
from tests.enrolling import EnrollingHub, files_of
from tests.simulators.box import BoxLink
from tests.supervised import Listening, until
from tests.village.process import Process


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrollingHub]:
    with EnrollingHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


class NewBox:
    """Flash of a box: `data`, `boot`. `while_waiting`: what happens each time that it waits."""

    def __init__(self, folder: Path) -> None:
        self.data, self.boot = folder / "data", folder / "boot"
        self.boot.mkdir(parents=True)
        self.told: list[Told] = []
        self.while_waiting: Callable[[], object] = lambda: pytest.fail(f"it waits: {self.told[-1:]}")
        self.clock = BoxClock.read()
        self.seen: list[BoxFile | None] = []  # what its camera reads, one look after the other
        (folder / "serial").write_bytes(b"10000000abcdef01\0")
        self._serial = folder / "serial"

    def enrolment(self, *, clock: BoxClock | None = None) -> Enrolment:
        return Enrolment(
            self.data,
            self.boot,
            clock or self.clock,
            tell=self.told.append,
            sleep=self._wait,
            serial_file=self._serial,
            see=lambda: self.seen.pop(0) if self.seen else None,
        )

    def _wait(self, wait_s: float) -> None:
        if "too many" in self.told[-1].text:  # all boxes here come from one address, as behind one modem
            time.sleep(wait_s)
        else:
            self.while_waiting()

    def put(self, text: str) -> None:
        (self.boot / "haidang.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def box(tmp_path: Path) -> NewBox:
    return NewBox(tmp_path / "box")


def power_cut(*_: object, **__: object) -> None:
    raise RuntimeError("the power went")


def is_taken_by_the_broker(hub: EnrollingHub, box: NewBox) -> bool:
    name = str(read_config(box.data / "box.toml").box_name)
    try:
        with BoxLink(files_of(box.data), name, port=hub.broker.port):
            return True
    except OSError:
        return False


def test_a_file_on_the_boot_partition_is_all_that_it_takes(hub: EnrollingHub, box: NewBox) -> None:
    box.put(hub.box_file(hub.claim("con-dao-01")))
    box.enrolment().run()
    assert str(read_config(box.data / "box.toml").box_name) == "con-dao-01.1"
    assert hub.box("con-dao-01.1").serial == "10000000abcdef01"
    assert (box.data / "keys" / "box.key").stat().st_mode & 0o777 == 0o600
    assert is_taken_by_the_broker(hub, box)
    assert hub.deeds("con-dao-01") == ["box enrolled", "claim made"]
    assert box.enrolment().is_enrolled()
    box.told.clear()
    box.enrolment().run()  # the next boot asks nobody
    assert [told.doing for told in box.told] == [Doing.DONE]


def test_a_box_that_did_not_hear_the_answer_is_the_same_box(hub: EnrollingHub, box: NewBox) -> None:
    box.put(hub.box_file(hub.claim("phu-quy-01")))
    box.enrolment().run()
    for lost in ("box.toml", "enrolment.json", "keys/box.crt"):  # all that was written after the key
        (box.data / lost).unlink()
    box.enrolment().run()
    assert str(read_config(box.data / "box.toml").box_name) == "phu-quy-01.1"
    assert is_taken_by_the_broker(hub, box)


def test_a_code_lets_one_box_in(hub: EnrollingHub, box: NewBox, tmp_path: Path) -> None:
    text = hub.box_file(hub.claim("ly-son-01"))
    box.put(text)
    box.enrolment().run()
    second = NewBox(tmp_path / "second")
    second.put(text)
    shown: list[str] = []

    def stop() -> None:
        shown.append(second.told[-1].number)
        raise EnrolmentError("enough")

    second.while_waiting = stop
    with pytest.raises(EnrolmentError, match="enough"):
        second.enrolment().run()
    assert second.told[-1].doing is Doing.NUMBER
    assert len(shown[0]) == len("048 213")
    assert not (second.data / "box.toml").exists()


def test_no_hub_is_believed_that_is_not_the_one_of_the_pin(hub: EnrollingHub, box: NewBox) -> None:
    text = hub.box_file(hub.claim("pin-01"))
    pin = next(line for line in text.splitlines() if line.startswith("pin="))
    box.put(text.replace(pin, "pin=" + "0" * 64))

    def put_right() -> None:
        assert box.told[-1].doing is Doing.AWAY
        assert "is not our hub" in box.told[-1].text
        box.put(text)

    box.while_waiting = put_right
    box.enrolment().run()
    assert len(box.told) == 2


def test_what_is_the_matter_is_told_until_it_is_put_right(hub: EnrollingHub, box: NewBox) -> None:
    text = hub.box_file(hub.claim("bad-file-01"))
    steps = iter(
        [(Doing.NO_FILE, "hub"), (Doing.BAD_FILE, text.replace("claim=", "claim=X")), (Doing.BAD_FILE, text)]
    )

    def next_file() -> None:
        doing, content = next(steps)
        assert box.told[-1].doing is doing
        box.put(content)

    box.while_waiting = next_file
    box.enrolment().run()
    assert box.told[-1].doing is Doing.DONE


def test_a_spent_code_on_the_card_does_not_keep_an_enrolled_box_from_its_work(
    hub: EnrollingHub, box: NewBox, tmp_path: Path
) -> None:
    text = hub.box_file(hub.claim("spent-01"))
    other = NewBox(tmp_path / "other")
    other.put(text)
    other.enrolment().run()
    box.put(hub.box_file(hub.claim("spent-02")))
    box.enrolment().run()
    box.put(text)  # somebody copied the wrong file
    box.while_waiting = lambda: None
    box.enrolment().run()
    assert str(read_config(box.data / "box.toml").box_name) == "spent-02.1"


def test_a_new_code_makes_a_box_the_box_of_another_station(hub: EnrollingHub, box: NewBox) -> None:
    box.put(hub.box_file(hub.claim("moved-01")))
    box.enrolment().run()
    box.put(hub.box_file(hub.claim("moved-02")))
    assert not box.enrolment().is_enrolled()
    box.enrolment().run()
    assert str(read_config(box.data / "box.toml").box_name) == "moved-02.1"
    assert is_taken_by_the_broker(hub, box)
    assert hub.box("moved-02.1").key != hub.box("moved-01.1").key


def test_a_box_whose_card_was_copied_comes_in_anew_with_a_key_that_nobody_has(
    hub: EnrollingHub, box: NewBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.put(hub.box_file(hub.claim("copied-01")))
    box.enrolment().run()
    stolen = BoxKey.load(box.data / "keys" / "box.key")
    hub.hub("revoke", "copied-01.1")
    box.put(hub.box_file(hub.claim("copied-01")))
    with monkeypatch.context() as patch:
        patch.setattr(HubDesk, "ask", power_cut)
        with pytest.raises(RuntimeError, match="the power went"):
            box.enrolment().run()
    assert stolen.fits((box.data / "keys" / "box.crt").read_bytes())  # it works on until it is let in
    box.enrolment().run()
    assert str(read_config(box.data / "box.toml").box_name) == "copied-01.2"
    assert is_taken_by_the_broker(hub, box)
    assert not stolen.fits((box.data / "keys" / "box.crt").read_bytes())
    assert sorted(path.name for path in (box.data / "keys").iterdir()) == [
        "box.crt", "box.key", "ca.crt", "hub-seal.pub",
    ]  # fmt: skip


@pytest.mark.parametrize("last", ["box.crt", "box.toml", "enrolment.json"], ids=lambda name: f"before {name}")
def test_a_box_that_is_given_another_code_outlives_a_power_cut_at_any_file(
    hub: EnrollingHub, box: NewBox, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    station = f"cut-{last.replace('.', '-')}"
    box.put(hub.box_file(hub.claim(station)))
    box.enrolment().run()
    box.put(hub.box_file(hub.claim(station)))

    def until_the_power_goes(path: Path, data: bytes, *, mode: int) -> None:
        if path.name == last:
            power_cut()
        write_file(path, data, mode=mode)

    with monkeypatch.context() as patch:
        patch.setattr("edge.enrolment.enrol_service.write_file", until_the_power_goes)
        with pytest.raises(RuntimeError, match="the power went"):
            box.enrolment().run()
    box.enrolment().run()
    assert str(read_config(box.data / "box.toml").box_name) == f"{station}.2"
    assert is_taken_by_the_broker(hub, box)
    assert not (box.data / "keys" / "next.key").exists()


def test_the_authority_is_shown_to_whoever_asks_and_nothing_else_is(hub: EnrollingHub) -> None:
    import ssl

    context = ssl.create_default_context(cafile=str(hub.broker.authority.ca))
    where = f"https://127.0.0.1:{hub.config.console.port}/enrol/v1/ca"
    with urllib.request.urlopen(where, context=context, timeout=30) as answer:
        assert answer.read() == hub.broker.authority.ca.read_bytes()


def test_a_certificate_that_the_card_lost_comes_back_by_the_key(hub: EnrollingHub, box: NewBox) -> None:
    box.put(hub.box_file(hub.claim("lost-01")))
    box.enrolment().run()
    (box.data / "keys" / "box.crt").write_bytes(b"noise")
    box.enrolment().run()
    assert is_taken_by_the_broker(hub, box)
    assert hub.deeds("lost-01") == ["box renewed", "box enrolled", "claim made"]


def test_the_hub_is_asked_for_a_renewal_once_a_boot_and_says_when(hub: EnrollingHub, box: NewBox) -> None:
    box.put(hub.box_file(hub.claim("renew-01")))
    box.enrolment().run()
    before = (box.data / "keys" / "box.crt").read_bytes()
    assert box.enrolment().renew() == "not due for 60 days, by the hub's clock"
    assert box.enrolment().renew() == "asked not long ago"
    hub.age("renew-01.1", days=100)  # it lay in a drawer, its certificate has expired
    next_boot = BoxClock("another boot")
    assert box.enrolment(clock=next_boot).renew() == "renewed"
    assert (box.data / "keys" / "box.crt").read_bytes() != before
    assert is_taken_by_the_broker(hub, box)
    later = BoxClock("another boot", zero_us=-86_400_000_000)  # a day of the same boot later
    assert box.enrolment(clock=later).renew() == "not due for 60 days, by the hub's clock"


def test_a_revoked_box_is_told_so(hub: EnrollingHub, box: NewBox) -> None:
    box.put(hub.box_file(hub.claim("revoked-01")))
    box.enrolment().run()
    hub.hub("revoke", "revoked-01")
    with pytest.raises(EnrolmentError, match="revoked"):
        box.enrolment().renew()


def test_a_code_that_is_shown_to_the_camera_is_all_that_it_takes(hub: EnrollingHub, box: NewBox) -> None:
    box.seen = [None, parse_box_file(hub.box_file(hub.claim("qr-01")).encode())]
    box.while_waiting = lambda: None
    box.enrolment().run()
    assert [told.doing for told in box.told] == [Doing.NO_FILE, Doing.NO_FILE, Doing.DONE]
    assert str(read_config(box.data / "box.toml").box_name) == "qr-01.1"


def under_systemd(box: NewBox, listening: Listening, log: Path) -> Process:
    entry = ("env", f"NOTIFY_SOCKET={listening.path}")
    words = ["--data", str(box.data), "--boot", str(box.boot), "--port", str(free_port())]
    return Process(
        ["edge", "enrol", *words, "--mark", str(log.with_name("mark"))], log=log, entry=lambda: entry
    )


def test_a_box_that_waits_has_started_and_says_what_for(
    hub: EnrollingHub, box: NewBox, tmp_path: Path
) -> None:
    with Listening(tmp_path / "notify") as listening:
        enrol = under_systemd(box, listening, tmp_path / "log")
        enrol.start()
        try:
            nothing = Doing.NO_FILE.value
            asyncio.run(until(lambda: any(said.startswith(nothing) for said in listening.values("STATUS"))))
            assert listening.names()[0] == "READY"
            assert not (tmp_path / "mark").exists()
            box.put(hub.box_file(hub.claim("song-tu-01")))
            asyncio.run(until(lambda: not enrol.is_running))
        finally:
            enrol.kill()
        assert (tmp_path / "mark").exists()
        assert listening.values("STATUS")[-1] == "enrolled"


def test_a_box_that_is_enrolled_is_marked_before_it_is_ready(
    hub: EnrollingHub, box: NewBox, tmp_path: Path
) -> None:
    box.put(hub.box_file(hub.claim("song-tu-02")))
    box.enrolment().run()
    with Listening(tmp_path / "notify") as listening:
        enrol = under_systemd(box, listening, tmp_path / "log")
        enrol.start()
        try:
            asyncio.run(until(lambda: "READY" in listening.names()))
            assert (tmp_path / "mark").exists()
            assert listening.values("STATUS") == ["enrolled"]
        finally:
            enrol.kill()
