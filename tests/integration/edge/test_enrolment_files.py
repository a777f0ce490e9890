"""Files of the enrolment: whole or as they were, and readable for whom they are."""

import os
from pathlib import Path

import pytest

from edge.enrolment.files import read_file, write_file
from edge.errors import EnrolmentError


def test_a_file_belongs_to_the_owner_of_the_folder_whoever_writes_it(tmp_path: Path) -> None:
    if os.geteuid() == 0:  # anybody else can only write as himself
        os.chown(tmp_path, 12_345, 12_346)
    owner = tmp_path.stat()
    path = tmp_path / "keys" / "box.key"
    write_file(path, b"key", mode=0o600)
    for made in (path, path.parent):
        assert (made.stat().st_uid, made.stat().st_gid) == (owner.st_uid, owner.st_gid)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_replaced_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_bytes(b"before")
    if os.geteuid() == 0:
        os.chown(path, 12_345, 12_346)
    owner = path.stat()
    write_file(path, b"after", mode=0o644)
    assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid)
    assert path.read_bytes() == b"after"


def test_what_a_power_cut_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".a.new").write_bytes(b"half")
    write_file(tmp_path / "a", b"whole", mode=0o644)
    assert [(one.name, read_file(one)) for one in tmp_path.iterdir()] == [("a", b"whole")]


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnrolmentError, match=r"file/a cannot be written: Not a directory"):
        write_file(tmp_path / "file" / "a", b"x", mode=0o600)
    assert read_file(tmp_path / "none") == b""
