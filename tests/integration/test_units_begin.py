"""When our units begin, by a real systemd: a manager of its own, with stand-ins for the programs."""

from pathlib import Path
from typing import Final

import pytest

from tests.running_units import RunningUnits, UnitsError

ENROLLED: Final = "mkdir -p $PLACE/run/haidang-enrol && touch $PLACE/run/haidang-enrol/enrolled\n"
READY: Final = "systemd-notify --ready\n"
TELLS: Final = READY + "echo $0 | sed 's:.*/haidang-::; s:[.]sh::' >$PLACE/told\nexec sleep infinity"
STATION: Final = ("network", "vitals", "panel")
BOX: Final = {"factory-return": "true", "folders": "true", "place": "true", **dict.fromkeys(STATION, TELLS)}


def begun(units: RunningUnits) -> set[str]:
    return {units.next_told() for _ in STATION}


def test_a_box_without_a_claim_has_started_and_begins_its_work_when_it_is_let_in(tmp_path: Path) -> None:
    waits = f"{READY}mkfifo $PLACE/claim; read claim <$PLACE/claim\n{ENROLLED}"
    with RunningUnits(tmp_path, "box", {**BOX, "enrol": waits}) as units:
        assert units.begin() == "running"
        assert units.systemctl("list-jobs") == "No jobs running."
        assert units.states("enrol", *STATION) == ["active", "inactive", "inactive", "inactive"]
        (tmp_path / "claim").write_text("K2SV-YDEC-QJR5\n")
        assert begun(units) == {*STATION}
        assert units.systemctl("is-system-running", "--wait") == "running"
        assert units.states("enrol", *STATION) == ["active"] * 4


def test_an_enrolled_box_works_when_its_start_is_over(tmp_path: Path) -> None:
    with RunningUnits(tmp_path, "box", {**BOX, "enrol": ENROLLED + READY}) as units:
        assert units.begin() == "running"
        assert units.states("enrol", *STATION) == ["active"] * 4
        assert begun(units) == {*STATION}


def test_nothing_begins_before_the_box_knows_that_it_is_enrolled(tmp_path: Path) -> None:
    looks = f"mkfifo $PLACE/looks; read looks <$PLACE/looks\n{ENROLLED}{READY}"
    with RunningUnits(tmp_path, "box", {**BOX, "enrol": "echo enrol >$PLACE/told\n" + looks}) as units:
        units.systemctl("start", "--no-block", "haidang.target")
        assert units.next_told() == "enrol"
        assert units.states(*STATION) == ["inactive"] * 3
        (tmp_path / "looks").write_text("\n")
        assert begun(units) == {*STATION}


def test_an_enrolment_that_dies_once_is_begun_again_and_so_is_all_that_waits_for_it(tmp_path: Path) -> None:
    dies_once = "test -e $PLACE/died || { touch $PLACE/died; exit 1; }\n"
    with RunningUnits(tmp_path, "box", {**BOX, "enrol": dies_once + ENROLLED + READY}) as units:
        units.systemctl("start", "--no-block", "haidang.target")
        assert begun(units) == {*STATION}
        assert (tmp_path / "died").exists()


FRONT: Final = ("front", "relay")
MADE: Final = "mkdir -p $PLACE/var/lib/haidang-hub/front && cd $PLACE/var/lib/haidang-hub/front\n"
MADE_BOTH: Final = MADE + "touch haproxy.cfg turnserver.conf\n"


def hub(folder: Path, config: str) -> RunningUnits:
    (folder / "var/lib/haidang-hub").mkdir(parents=True)
    (folder / "var/lib/haidang-hub/hub.toml").touch()
    return RunningUnits(
        folder, "hub", {"front-config": config, "front-again": "sleep 0.1", **dict.fromkeys(FRONT, TELLS)}
    )


def test_a_front_whose_configuration_could_not_be_made_is_tried_until_it_can(tmp_path: Path) -> None:
    fails = "echo fails >$PLACE/told; test -e $PLACE/mended || exit 1\n"
    with hub(tmp_path, fails + MADE_BOTH) as units:
        units.begin()
        for _ in range(3):
            assert units.next_told() == "fails"
        assert units.states(*FRONT) == ["inactive"] * 2
        (tmp_path / "mended").touch()
        while (told := units.next_told()) == "fails":
            pass
        assert {told, units.next_told()} - {"fails"} <= {*FRONT}
        assert units.systemctl("start", "haidang-front", "haidang-relay") == ""
        assert units.states(*FRONT) == ["active"] * 2
        assert units.systemctl("is-system-running", "--wait") == "running"


def test_a_front_that_dies_is_told_anew_and_one_that_works_is_left_alone(tmp_path: Path) -> None:
    with hub(tmp_path, "echo config >$PLACE/told\n" + MADE_BOTH) as units:
        assert units.begin() == "running"
        assert sorted(units.next_told() for _ in range(3)) == ["config", *FRONT]
        units.systemctl("kill", "--signal=KILL", "haidang-front")
        assert [units.next_told() for _ in range(2)] == ["config", "front"]
        assert units.states("front-again") == ["inactive"]


def test_a_hub_without_a_front_has_started_and_asks_for_none(tmp_path: Path) -> None:
    with hub(tmp_path, "echo config >$PLACE/told\n") as units:
        assert units.begin() == "running"
        assert units.next_told() == "config"
        assert units.states(*FRONT, "front-again") == ["inactive"] * 3


def test_where_no_manager_can_be_run_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.running_units.BEGIN", "echo no rights >&2; exit 1")
    monkeypatch.setattr("tests.running_units.LIMIT_S", 1.0)
    with pytest.raises(UnitsError, match="no rights"), RunningUnits(tmp_path, "box", BOX):
        pass
