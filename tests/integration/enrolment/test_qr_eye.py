"""A QR code before the camera: the one that the hub's page draws, as a picture of it comes."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from contract.claims import make_code, parse_code
from edge.enrolment import qr_eye
from edge.enrolment.box_file import BoxFile
from edge.enrolment.qr_eye import QrEye
from hub.enrolment.box_file import HubPin, box_file
from hub.papers.qr_code import qr_path

PIN, CODE = HubPin("hub.example.vn", 8443, "0123456789abcdef" * 4), make_code(b"1234567")
SEEN = BoxFile(PIN.host, PIN.port, PIN.fingerprint, parse_code(CODE))


def drawn(text: str, *, scale: int = 6) -> Image.Image:
    """Return the code as a browser draws its path."""
    side, path = qr_path(text)
    picture = Image.new("L", (side * scale, side * scale), 255)
    draw = ImageDraw.Draw(picture)
    for run in path.split("M")[1:]:
        place, width = run.split("h")[0], int(run.split("h")[1].split("v")[0])
        x, y = map(int, place.split())
        draw.rectangle((x * scale, y * scale, (x + width) * scale - 1, (y + 1) * scale - 1), fill=0)
    return picture


def seen(picture: Image.Image, folder: Path) -> BoxFile | None:
    """Return what a camera reads that has this before it."""
    room = Image.new("L", (1280, 720), 150)
    room.paste(picture, ((1280 - picture.width) // 2, (720 - picture.height) // 2))
    room.save(folder / "seen.png")
    return QrEye(f"file:{folder / 'seen.png'}").look()


@pytest.fixture(autouse=True)
def a_short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qr_eye, "LOOKS_S", 0.5)


def test_the_code_of_the_page_is_read(tmp_path: Path) -> None:
    assert seen(drawn(box_file(PIN, CODE)), tmp_path) == SEEN


@pytest.mark.parametrize("angle", [8, 90, 200])
def test_it_may_be_held_as_it_comes_and_a_little_out_of_focus(tmp_path: Path, angle: int) -> None:
    turned = drawn(box_file(PIN, CODE)).rotate(angle, expand=True, fillcolor=150)
    assert seen(turned.filter(ImageFilter.GaussianBlur(1.5)), tmp_path) == SEEN


def test_another_code_and_no_code_say_nothing(tmp_path: Path) -> None:
    assert seen(drawn("https://example.vn/"), tmp_path) is None
    assert seen(Image.new("L", (10, 10), 0), tmp_path) is None


def test_a_box_without_a_camera_sees_nothing(tmp_path: Path) -> None:
    assert QrEye(devices=tmp_path).look() is None
