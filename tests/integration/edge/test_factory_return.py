"""The factory return on real folders and a real spool: asked, refused, done, and killed at every step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contract.ranges import SeqRanges
from edge.__main__ import main
from edge.cli import app
from edge.config import FACTORY_MARK, read_config
from edge.errors import ConfigError, FactoryReturnError
from edge.factory import wipe
from edge.factory.request import ANSWER_NAME, REQUEST_NAME
from edge.factory.unsent import count_unsent
from edge.factory.wipe import go_on, mark_of, write_mark
from edge.spool.batch import Batch
from edge.spool.spool import Spool
from tests.integration.edge.spools import QUOTA_BYTES, event, open_spool, press_batch

STATION = "con-dao-01"
KEPT = ("a-neighbour",)  # beside the box's own, and none of its business


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A box that is enrolled, with a spool that has nothing the hub lacks but what `fill` adds."""
    home = tmp_path / "etc" / "haidang"
    home.mkdir(parents=True)
    for name in ("ca.pem", "box.pem", "box.key", "seal.pub", "enrolment.json", *KEPT):
        (home / name).write_text("secret")
    (home / "voices" / "vi").mkdir(parents=True)
    (home / "voices" / "vi" / "kept.wav").write_bytes(b"RIFF")
    data = tmp_path / "data" / "haidang"
    (data / "prompts").mkdir(parents=True)
    (data / "prompts" / "kept.wav").write_bytes(b"RIFF")
    box = home / "box.toml"
    box.write_text(f"""station = "{STATION}"
data_dir = "{data}"
[hub]
host = "localhost"
ca = "ca.pem"
certificate = "box.pem"
key = "box.key"
seal_key = "seal.pub"
""")
    with open_spool(data / "spool.db") as spool:
        received(spool)
    return box


def received(spool: Spool) -> None:
    """The hub has all of it."""
    committed = {c: SeqRanges([(1, one.given)]) for c, one in spool.ledgers().items() if one.given}
    spool.commit(Batch(received=committed))


def fill(file: Path) -> int:
    """A press and two events that the hub does not have; return how many records."""
    config = read_config(file)
    spool = Spool(config.data_dir / "spool.db", quota_bytes=QUOTA_BYTES)
    before = spool.unsent_count()
    spool.close()
    with open_spool(config.data_dir / "spool.db") as spool:
        spool.commit(press_batch(1))
        spool.commit(Batch(entries=[event(), event()]))
        found = spool.unsent_count()
    assert found - before >= 3
    return found


def is_as_delivered(file: Path) -> bool:
    home, data = file.parent, file.parents[2] / "data" / "haidang"
    assert [one.name for one in home.iterdir()] == list(KEPT)
    return not any(data.iterdir())


def typed(file: Path, *words: str, answers: str = "") -> Result:
    return CliRunner().invoke(app, ["factory-return", "--config", str(file), *words], input=answers)


def test_it_asks_for_the_station_and_wipes_what_is_its_own(file: Path) -> None:
    assert typed(file, answers="con-dao-02\n").exit_code == 1
    assert read_config(file).key.exists()
    said = typed(file, answers=f"{STATION}\n")
    assert said.exit_code == 0, said.output
    assert "LOST" not in said.output
    assert is_as_delivered(file)


def test_records_that_the_hub_lacks_are_counted_and_asked_for_again(file: Path) -> None:
    count = fill(file)
    assert count_unsent(read_config(file)).records == count
    said = typed(file, answers=f"{STATION}\n{count - 1}\n")
    assert said.exit_code == 1
    assert f"{count} records that the hub does not have will be LOST" in said.output
    assert count_unsent(read_config(file)).records == count
    assert typed(file, answers=f"{STATION}\n{count}\n").exit_code == 0
    assert is_as_delivered(file)


def test_a_damaged_spool_is_no_empty_one(file: Path) -> None:
    spool = read_config(file).data_dir / "spool.db"
    spool.write_bytes(b"no database at all" * 500)
    said = typed(file, answers=f"{STATION}\n0\n")
    assert said.exit_code == 1
    assert "1 damaged files" in said.output
    assert spool.exists()


def test_while_the_box_runs_nothing_is_wiped(file: Path) -> None:
    with open_spool(read_config(file).data_dir / "spool.db"):
        said = typed(file, answers=f"{STATION}\n")
    assert said.exit_code == 1
    assert "stop `edge vitals` first" in said.output
    assert read_config(file).key.exists()


def test_a_file_on_the_boot_partition_does_it_once(file: Path, tmp_path: Path) -> None:
    boot = tmp_path / "boot"
    boot.mkdir()
    assert typed(file, "--asked-in", str(boot)).exit_code == 0  # nobody asks
    (boot / REQUEST_NAME).write_text("con-dao-02")
    assert typed(file, "--asked-in", str(boot)).exit_code == 0  # the box starts as on every day
    assert "the file names con-dao-02" in (boot / ANSWER_NAME).read_text()
    assert not (boot / REQUEST_NAME).exists()
    count = fill(file)
    (boot / REQUEST_NAME).write_text(STATION)
    assert typed(file, "--asked-in", str(boot)).exit_code == 0
    assert f"lose {count}" in (boot / ANSWER_NAME).read_text()
    assert read_config(file).key.exists()
    (boot / REQUEST_NAME).write_text(f"{STATION}\r\nlose {count}\r\n")
    said = typed(file, "--asked-in", str(boot))
    assert said.exit_code == 0, said.output
    assert "done: this box was con-dao-01" in (boot / ANSWER_NAME).read_text()
    assert not (boot / REQUEST_NAME).exists()
    assert is_as_delivered(file)


class KilledError(BaseException):
    """The power went."""


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the process end at the removal after that many."""
    real, done = wipe._remove, [0]

    def remove(path: Path) -> None:
        if done[0] == steps:
            raise KilledError
        done[0] += 1
        real(path)

    monkeypatch.setattr(wipe, "_remove", remove)


def test_killed_at_any_step_it_is_no_station_and_the_next_start_finishes(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = mark_of(read_config(file))
    entries = len(list(Path(mark.emptied).iterdir()))
    assert entries > 1
    write_mark(file, mark)
    last = len(mark.paths)
    for step in [*range(last + 1), *[last + 1] * (entries - 1)]:  # what is gone is passed again each time
        with monkeypatch.context() as patched:
            killed_after(step, patched)
            with pytest.raises(KilledError):
                go_on(file)
        with pytest.raises(ConfigError, match="being returned"):
            read_config(file)
    with pytest.raises(SystemExit, match="1"):
        main(["vitals", "--config", str(file)])
    assert "this box was con-dao-01, and is as it was delivered" in capsys.readouterr().err
    assert is_as_delivered(file)
    with pytest.raises(SystemExit, match="1"):
        main(["vitals", "--config", str(file)])
    assert "No such file" in capsys.readouterr().err


def test_a_mark_that_was_not_written_whole_is_no_mark(file: Path) -> None:
    file.with_name(FACTORY_MARK + ".new").write_text('{"station": "con')
    assert go_on(file) is None
    assert read_config(file).station == STATION


def test_a_configuration_within_the_data_folder_goes_with_it_and_the_mark_last(
    tmp_path: Path, file: Path
) -> None:
    home = read_config(file).data_dir / "etc"
    file.parent.rename(home)
    inner = home / file.name
    mark = mark_of(read_config(inner))
    write_mark(inner, mark)
    assert go_on(inner) == STATION
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_link_is_removed_and_not_followed(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "photograph").write_text("of somebody else")
    (read_config(file).data_dir / "link").symlink_to(elsewhere)
    write_mark(file, mark_of(read_config(file)))
    go_on(file)
    assert is_as_delivered(file)
    assert (elsewhere / "photograph").exists()


@pytest.mark.parametrize("folder", ["/", "/usr", "/etc"])
def test_no_folder_of_the_system_is_wiped(file: Path, folder: str) -> None:
    file.write_text(file.read_text().replace(str(read_config(file).data_dir), folder))
    with pytest.raises(FactoryReturnError, match="no data folder of a box"):
        mark_of(read_config(file))


_CODE = "import sys; from pathlib import Path; from edge.factory.wipe import go_on; go_on(Path(sys.argv[1]))"


def test_killed_for_real_while_it_wipes_a_large_folder(file: Path) -> None:
    data = read_config(file).data_dir
    for folder in range(20):
        (data / f"f{folder:02}").mkdir()
        for number in range(50):
            (data / f"f{folder:02}" / str(number)).write_text("x")
    write_mark(file, mark_of(read_config(file)))
    child = subprocess.Popen([sys.executable, "-c", _CODE, str(file)], env={**os.environ})
    while child.poll() is None and file.exists():  # the configuration has gone: kill it there
        pass
    child.kill()
    child.wait()
    assert not file.exists()
    assert not read_key(file)
    go_on(file)
    assert is_as_delivered(file)


def read_key(file: Path) -> bool:
    return (file.parent / "box.key").exists()
