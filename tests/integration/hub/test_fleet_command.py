"""`hub fleet`: what it says of a file, what it writes, and that what it exports comes back."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.sqlite import SqliteStore

HOUSE = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hub.toml").write_text("", encoding="utf-8")
    SqliteStore(tmp_path / "store", is_writer=True).close()
    return tmp_path


def hub_fleet(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "fleet", *words, "--config", str(folder / "hub.toml")]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, encoding="utf-8", check=False, timeout=100)


@pytest.mark.timeout(300)
def test_provinces_are_seeded_stations_imported_and_all_of_it_comes_back(folder: Path) -> None:
    seeded = hub_fleet(folder, "seed-vietnam", "Điện Biên", "56", "--by", "Minh")
    assert (seeded.returncode, seeded.stdout) == (0, "112 cards are written\n"), seeded.stderr
    assert "no province or city Hà Giang" in hub_fleet(folder, "seed-vietnam", "Hà Giang").stderr

    file = folder / "tram.csv"
    file.write_text("station,name,unit\nmuong-nhe,Trạm Mường Nhé,Hà Nội\n", encoding="utf-8")
    wrong = hub_fleet(folder, "import", str(file), "--write")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("line 2, Unit: There is no unit Hà Nội.")
    assert "1 problems; nothing was written" in wrong.stderr
    file.write_text("station,name,unit\nmuong-nhe,Trạm Mường Nhé,xa muong nhe\n", encoding="utf-8")
    looked = hub_fleet(folder, "import", str(file))
    assert "2: + Trạm Mường Nhé (muong-nhe)" in looked.stdout
    assert "added: 1, changed: 0, unchanged: 0, absent: 0" in looked.stdout
    assert "Nothing was written" in looked.stdout
    assert "1 cards are written" in hub_fleet(folder, "import", str(file), "--write").stdout

    for what, count in (("units", 112), ("stations", 1)):
        exported = folder / f"{what}.csv"
        exported.write_text(hub_fleet(folder, "export", what).stdout, encoding="utf-8")
        again = hub_fleet(folder, "import", str(exported))
        assert f"added: 0, changed: 0, unchanged: {count}, absent: 0" in again.stdout
    with SqliteStore(folder / "store", is_writer=False) as store:
        versions = store.fleet.card_versions("station", "muong-nhe")
    assert [(row.by, row.why) for row in versions] == [("hub fleet import", "tram.csv")]


def test_beside_a_hub_that_runs_nothing_is_written_and_it_is_said_what_to_do(folder: Path) -> None:
    file = folder / "tram.csv"
    file.write_text("station,name\nmuong-nhe,Trạm Mường Nhé\n", encoding="utf-8")
    with SqliteStore(folder / "store", is_writer=True) as running:
        wrong = hub_fleet(folder, "import", str(file), "--write")
        assert wrong.returncode == 1
        assert "nothing was written: the hub of" in wrong.stderr
        assert "Its console takes the file, at /organisation/import. Else: Stop it," in wrong.stderr
        seeded = hub_fleet(folder, "seed-vietnam", "56")
        assert "Stop it, say this again, and start it." in seeded.stderr
        assert "/organisation/import" not in seeded.stderr
        assert running.fleet.cards() == []
        assert hub_fleet(folder, "import", str(file)).returncode == 0  # looking is no writing
