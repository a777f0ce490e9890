import json
from pathlib import Path

from typer.testing import CliRunner

from firmware_bridge.__main__ import device_app

FRAMES = "C6 28 07 51 63 90 00 50 7F 7F"


def test_decode_says_one_event_a_line_and_counts_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "bytes.txt"
    file.write_text(f"H 7D 81\nD 01 {FRAMES}\nD 86 01 86 28 07 51 63\n", encoding="utf-8")
    result = CliRunner().invoke(
        device_app, ["decode", "--driver", "berry-bm1000", str(file), "--hex", "--json"]
    )
    first, second, third, counts = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 0
    assert (first["offset"], first["event"], first["samples"]) == (1, "realtime", {"pleth": [40]})
    assert first["values"] == {"spo2": 99, "pulse": 81}
    assert (second["values"], second["conditions"]) == (
        {"spo2": None, "pulse": None},
        ["probe off", "weak signal"],
    )
    assert (third["offset"], third["lost_frames"]) == (13, 1)
    assert counts == {
        "event": "counts",
        "frames": 3,
        "damaged": 1,
        "discarded_bytes": 3,
        "lost_frames": 1,
        "lost_samples": 1,
        "lost_samples_of": {"pleth": 1},
    }


def test_decode_takes_raw_bytes_and_speaks_to_people_too(tmp_path: Path) -> None:
    file = tmp_path / "bytes.bin"
    file.write_bytes(bytes.fromhex(FRAMES))
    result = CliRunner().invoke(device_app, ["decode", "--driver", "berry-bm1000", str(file)])
    assert result.exit_code == 0
    assert "values (spo2=99 pulse=81)" in result.stdout
    assert "values (spo2=- pulse=-)" in result.stdout


def test_bytes_of_something_else_are_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "bytes.bin"
    file.write_bytes(b"hello world")
    result = CliRunner().invoke(device_app, ["decode", "--driver", "berry-bm1000", str(file), "--json"])
    assert result.exit_code == 1
    assert "no frame of berry-bm1000 in 11 bytes" in result.stderr
    assert json.loads(result.stdout)["discarded_bytes"] == 11


def test_an_unknown_driver_a_missing_file_and_bad_hexadecimal_are_named(tmp_path: Path) -> None:
    file = tmp_path / "bytes.txt"
    file.write_text("zz\n", encoding="utf-8")
    for arguments, text in (
        (["decode", "--driver", "berrry", str(file)], "there is no driver 'berrry'"),
        (["decode", "--driver", "berry-bm1000", str(tmp_path / "none")], "No such file"),
        (["decode", "--driver", "berry-bm1000", "--hex", str(file)], "line 1: 'zz'"),
        (["simulate", "--driver", "berry-bm1000", "--link", str(file)], "exists already"),
        (["simulate", "--driver", "berry-bm1000", "--link", str(tmp_path / "no" / "port")], "can be made"),
        (["replay", str(file), "--link", str(tmp_path / "no" / "port")], "can be made"),
        (["replay", str(tmp_path / "none"), "--link", str(tmp_path / "port")], "No such file"),
        (["replay", str(file), "--link", str(tmp_path / "port")], "line 1: 'zz'"),
        (["probe", str(file)], "is no serial port"),
        (["watch", str(file), "--driver", "berry-bm1000", "--seconds", "0"], "--seconds"),
        (["record", str(file), str(tmp_path / "kept"), "--baud", "0"], "--baud"),
    ):
        result = CliRunner().invoke(device_app, arguments)
        assert result.exit_code in (1, 2)
        assert text in result.output


def test_a_recording_without_a_byte_is_not_replayed(tmp_path: Path) -> None:
    file, link = tmp_path / "recording.txt", tmp_path / "port"
    file.write_text("# haidang recording 1\n0.5 H 7d 81\n", encoding="utf-8")
    result = CliRunner().invoke(device_app, ["replay", str(file), "--link", str(link)])
    assert (result.exit_code, link.is_symlink()) == (2, False)
    assert "no bytes of an instrument" in result.stderr


def test_a_driver_can_be_copied_from_the_list_in_a_narrow_terminal() -> None:
    lines = CliRunner().invoke(device_app, ["drivers"], env={"COLUMNS": "50"}).stdout.splitlines()
    assert any(line.startswith("healthypi-5-ov3 ") for line in lines)


def test_the_drivers_are_listed_with_what_is_unsure() -> None:
    result = CliRunner().invoke(device_app, ["drivers"], env={"COLUMNS": "200"})
    assert "berry-bm1000" in result.stdout
    assert "115200 8N1" in result.stdout
