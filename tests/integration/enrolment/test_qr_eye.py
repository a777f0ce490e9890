"""A QR code before the camera: the one that the hub's page draws, as a picture of it comes."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
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


def slanting(picture: Image.Image, lean: float) -> Image.Image:
    """Return the paper as a camera sees it that looks from the side: the far edge is shorter by `lean`."""
    width, height = picture.size
    edge = lean * height / 2
    paper = Image.new("L", (width, height), 255)
    paper.paste(picture.resize((width * 4 // 5, height * 4 // 5)), (width // 10, height // 10))
    corners = ((0.0, 0.0), (0.0, float(height)), (float(width), height - edge), (float(width), edge))
    return paper.transform(
        (width, height), Image.Transform.PERSPECTIVE, perspective(corners, (width, height)),
        Image.Resampling.BICUBIC, fillcolor=150,
    )  # fmt: skip


def perspective(corners: Sequence[tuple[float, float]], size: tuple[int, int]) -> list[float]:
    """The eight numbers by which PIL finds, for a point of the slanting paper, that of the flat one."""
    width, height = size
    flat = ((0, 0), (0, height), (width, height), (width, 0))
    rows: list[list[float]] = []
    values: list[float] = []
    for (x, y), (u, v) in zip(corners, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(one) for one in np.linalg.solve(np.array(rows), np.array(values))]


def photographed(picture: Image.Image, *, seed: int) -> Image.Image:
    """Return it as a cheap camera sees it in a dim room: light from one side, noise, and JPEG's own."""
    values = np.asarray(picture, dtype=float)
    light = np.linspace(0.35, 0.9, values.shape[1])
    noisy = values * light + np.random.default_rng(seed).normal(0, 8, values.shape)
    data = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(data, "JPEG", quality=40)
    return Image.open(data)


@pytest.mark.parametrize("lean", [0.15, 0.3])
@pytest.mark.parametrize("angle", [0, 12])
def test_it_may_be_held_slanting_in_a_dim_room(tmp_path: Path, lean: float, angle: int) -> None:
    held = slanting(drawn(box_file(PIN, CODE)), lean).rotate(angle, expand=True, fillcolor=150)
    assert seen(photographed(held.filter(ImageFilter.GaussianBlur(1.2)), seed=angle), tmp_path) == SEEN


def test_another_code_and_no_code_say_nothing(tmp_path: Path) -> None:
    assert seen(drawn("https://example.vn/"), tmp_path) is None
    assert seen(Image.new("L", (10, 10), 0), tmp_path) is None


def test_a_box_without_a_camera_sees_nothing(tmp_path: Path) -> None:
    assert QrEye(devices=tmp_path).look() is None
