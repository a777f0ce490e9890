"""What git has of a tree goes into the image, and nothing of whose folder it lies in."""

from pathlib import Path

from images.root import copy_tree


def test_a_file_is_a_program_or_not_whoever_made_it(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for name, mode in (
        ("etc/fstab", 0o600),
        ("usr/bin/edge", 0o700),
        ("usr/data", 0o664),
        ("usr/run", 0o775),
    ):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
        path.chmod(mode)
    (source / "etc/resolv.conf").symlink_to("/run/resolv.conf")
    (target / "etc").mkdir(parents=True)
    (target / "etc/fstab").write_text("of Debian", encoding="utf-8")

    copy_tree(source, target)

    files = [path for path in target.rglob("*") if path.is_file() and not path.is_symlink()]
    modes = {str(path.relative_to(target)): path.stat().st_mode & 0o777 for path in files}
    assert modes == {"etc/fstab": 0o644, "usr/bin/edge": 0o755, "usr/data": 0o644, "usr/run": 0o755}
    assert (target / "usr/data").read_text(encoding="utf-8") == "usr/data"
    assert (target / "etc/fstab").read_text(encoding="utf-8") == "etc/fstab"
    assert (target / "etc/resolv.conf").readlink() == Path("/run/resolv.conf")
