"""Of the image: a wheel says nothing of the machine that made it; what is made is known by what is there."""

from pathlib import Path

from images.app import forget_what_is_gone, is_made


def test_a_program_that_is_not_there_leaves_no_trace(tmp_path: Path) -> None:
    info = tmp_path / "one-1.0.dist-info"
    info.mkdir()
    for name in ("one.py", "with, comma.py"):
        (tmp_path / name).touch()
    kept = 'one.py,sha256=a,3\n"with, comma.py",sha256=b,4\none-1.0.dist-info/RECORD,,\n'
    (info / "RECORD").write_text(f"bin/one,sha256=c,315\n{kept}", encoding="utf-8")

    forget_what_is_gone(tmp_path)

    assert (info / "RECORD").read_text(encoding="utf-8") == kept


def test_a_folder_that_a_killed_build_carried_away_is_made_again(tmp_path: Path) -> None:
    folder, made_from = tmp_path / "app", tmp_path / "app.made-from"
    made_from.write_text("state", encoding="utf-8")
    assert not is_made(folder, made_from, "state")
    folder.mkdir()
    assert is_made(folder, made_from, "state")
    assert not is_made(folder, made_from, "another")
