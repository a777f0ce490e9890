import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from edge.errors import CodecError
from edge.video.codecs import vpx_library as vpx
from edge.video.codecs.av_libs import library_paths
from edge.video.codecs.codec_check import check_vpx
from edge.video.codecs.encoder import PictureEncoder, PyAvEncoder, open_encoder
from edge.video.codecs.vpx import CodedPicture, VpxEncoder
from edge.video.media import KEYFRAME_MAX_S, VIDEO_HZ
from tests.links_bench.ssim import ssim
from tests.simulators.moving_picture import luminance, moving_pictures

HOUSE: Final = Path(__file__).parents[4]
FPS: Final = 15
TICKS: Final = VIDEO_HZ // FPS
PICTURES: Final = moving_pictures(480, 270, count=45)


@pytest.fixture
def encoder() -> Iterator[VpxEncoder]:
    opened = VpxEncoder(480, 270, fps=FPS, bitrate_bps=120_000)
    yield opened
    opened.close()


def coded(
    encoder: PictureEncoder, *, seconds: float, from_picture: int = 0, rate: tuple[int, int] | None = None
) -> list[CodedPicture | None]:
    if rate is not None:
        encoder.set_rate(rate[0], fps=rate[1])
    numbers = range(from_picture, from_picture + round(seconds * FPS))
    return [encoder.encode(PICTURES[number % len(PICTURES)], pts=number * TICKS) for number in numbers]


def bits(pictures: list[CodedPicture | None]) -> int:
    return sum(len(picture.data) * 8 for picture in pictures if picture)


def keys(pictures: list[CodedPicture | None]) -> int:
    return sum(picture.is_key for picture in pictures if picture)


def test_the_library_beside_av_is_the_one_that_we_know() -> None:
    assert check_vpx().startswith("v1.")
    assert "av.libs" in library_paths("libvpx", ())[0]


def test_a_sensors_noise_is_not_coded() -> None:
    film = moving_pictures(640, 360, count=150)
    found = []
    for is_denoised in (True, False):
        encoder = VpxEncoder(640, 360, fps=FPS, bitrate_bps=300_000)
        if not is_denoised:
            encoder._control(vpx.SET_NOISE_SENSITIVITY, 0)
        decoder, shown = av.CodecContext.create("vp8", "r"), []
        for number, picture in enumerate(film):
            coded_one = encoder.encode(picture, pts=number * TICKS)
            frames = decoder.decode(av.Packet(coded_one.data)) if coded_one else []
            shown += [ssim(luminance(frame), luminance(picture)) for frame in frames if number > 60]
        encoder.close()
        found.append(float(np.mean(shown)))
    assert found[0] > found[1] + 0.002, found


def test_the_rate_follows_within_a_second_and_the_picture_never_begins_anew(encoder: VpxEncoder) -> None:
    keyframes, number = 0, 0
    for bitrate_bps in (120_000, 400_000, 80_000, 250_000, 40_000):
        settling = coded(encoder, seconds=1, from_picture=number, rate=(bitrate_bps, FPS))
        settled = coded(encoder, seconds=3, from_picture=number + FPS)
        number += 4 * FPS
        keyframes += keys(settling) + keys(settled)
        assert bits(settled) / 3 == pytest.approx(bitrate_bps, rel=0.15)
    assert keyframes == 1


def test_what_is_coded_can_be_seen(encoder: VpxEncoder) -> None:
    decoder = av.CodecContext.create("vp8", "r")
    for number, picture in enumerate(coded(encoder, seconds=1)):
        assert picture is not None
        (shown,) = decoder.decode(av.Packet(picture.data))
        assert isinstance(shown, av.VideoFrame)
        wanted = luminance(PICTURES[number]).astype(np.int16)
        assert np.abs(luminance(shown) - wanted).mean() < 8


def test_rows_may_be_longer_in_memory_than_in_the_picture() -> None:
    (picture,) = moving_pictures(178, 102, count=1)
    assert picture.planes[0].line_size > 178
    encoder = VpxEncoder(178, 102, fps=FPS, bitrate_bps=400_000)
    first = encoder.encode(picture, pts=0)
    assert first is not None
    (shown,) = av.CodecContext.create("vp8", "r").decode(av.Packet(first.data))
    assert isinstance(shown, av.VideoFrame)
    assert np.abs(luminance(shown) - luminance(picture).astype(np.int16)).mean() < 8


@pytest.mark.parametrize("bitrate_bps", [80_000, 150_000, 400_000])
def test_a_keyframe_is_no_larger_than_the_link_can_bear(encoder: VpxEncoder, bitrate_bps: int) -> None:
    coded(encoder, seconds=2, rate=(bitrate_bps, FPS))
    wanted = encoder.encode(PICTURES[0], pts=2 * VIDEO_HZ, force_key=True)
    assert wanted is not None and wanted.is_key
    assert len(wanted.data) * 8 <= 1.1 * KEYFRAME_MAX_S * bitrate_bps


def test_a_keyframe_does_not_make_the_next_second_run_over_the_rate(encoder: VpxEncoder) -> None:
    coded(encoder, seconds=2)
    wanted = encoder.encode(PICTURES[0], pts=2 * VIDEO_HZ, force_key=True)
    after = coded(encoder, seconds=3, from_picture=2 * FPS + 1)
    assert (bits([wanted]) + bits(after)) / 3 < 1.15 * 120_000


def test_a_pause_gives_the_picture_after_it_no_more_bits() -> None:
    sizes = []
    for pause_ticks in (0, VIDEO_HZ):
        encoder = VpxEncoder(480, 270, fps=FPS, bitrate_bps=120_000)
        coded(encoder, seconds=2)
        after = encoder.encode(PICTURES[30], pts=2 * VIDEO_HZ + pause_ticks)
        encoder.close()
        assert after is not None
        sizes.append(len(after.data))
    assert sizes[1] <= sizes[0]


def test_too_poor_a_rate_leaves_pictures_out_but_not_the_keyframe_that_is_owed() -> None:
    encoder = VpxEncoder(480, 270, fps=FPS, bitrate_bps=15_000)
    poor = coded(encoder, seconds=4)
    assert None in poor
    assert bits(poor) / 4 < 1.5 * 15_000
    asked_at = 4 * FPS
    encoder.encode(PICTURES[0], pts=asked_at * TICKS, force_key=True)
    assert keys(coded(encoder, seconds=4, from_picture=asked_at + 1)) <= 1
    encoder.close()


def test_another_frame_rate_needs_no_new_encoder(encoder: VpxEncoder) -> None:
    coded(encoder, seconds=2)
    encoder.set_rate(60_000, fps=5)
    start = 2 * VIDEO_HZ
    slow = [encoder.encode(PICTURES[i], pts=start + i * VIDEO_HZ // 5) for i in range(25)]
    assert keys(slow) == 0
    assert bits(slow[5:]) / 4 == pytest.approx(60_000, rel=0.25)


def test_time_must_go_on(encoder: VpxEncoder) -> None:
    encoder.encode(PICTURES[0], pts=10)
    with pytest.raises(CodecError, match="at 10 after one at 10"):
        encoder.encode(PICTURES[1], pts=10)


def test_a_closed_encoder_says_so(encoder: VpxEncoder) -> None:
    encoder.close()
    with pytest.raises(CodecError, match="closed"):
        encoder.encode(PICTURES[0], pts=0)
    encoder.close()


def test_an_impossible_size_is_refused_with_the_librarys_reason() -> None:
    with pytest.raises(CodecError, match="opens no 0×270 encoder"):
        VpxEncoder(0, 270, fps=FPS, bitrate_bps=100_000)


def test_pyav_codes_too_but_begins_anew_with_the_rate() -> None:
    encoder = PyAvEncoder(480, 270, fps=FPS, bitrate_bps=120_000)
    first = coded(encoder, seconds=2)
    assert keys(first) == 1
    soon = coded(encoder, seconds=0.5, from_picture=2 * FPS, rate=(300_000, FPS))
    assert keys(soon) == 0  # three seconds apart at least
    later = coded(encoder, seconds=4, from_picture=round(2.5 * FPS))
    assert keys(later) == 1
    assert bits(later[-2 * FPS :]) / 2 == pytest.approx(300_000, rel=0.25)
    near = coded(encoder, seconds=4, from_picture=round(6.5 * FPS), rate=(320_000, FPS))
    assert keys(near) == 0
    wanted = encoder.encode(PICTURES[0], pts=20 * VIDEO_HZ, force_key=True)
    assert wanted is not None and wanted.is_key
    encoder.close()


def test_libvpx_itself_is_what_codes() -> None:
    assert isinstance(open_encoder(320, 180, fps=8, bitrate_bps=30_000), VpxEncoder)


SETTINGS_OF_VP8: Final = np.array([320, 240, 8, 8, 1, 30], dtype=np.int32).tobytes()
STRANGE_SETTINGS: Final = np.array([320, 240, 8, 8, 30, 1], dtype=np.int32).tobytes()
ASK: Final = """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
from edge.video.codecs.encoder import open_encoder
for size in (160, 320):
    encoder = open_encoder(size, 96, fps=15, bitrate_bps=100_000)
from tests.simulators.moving_picture import moving_pictures
coded = encoder.encode(moving_pictures(320, 96, count=1)[0], pts=0)
print(type(encoder).__name__, coded.is_key)
"""


def test_a_library_of_another_layout_is_found_out_and_pyav_takes_its_place(tmp_path: Path) -> None:
    true_library = Path(library_paths("libvpx", ())[0])
    strange = true_library.read_bytes().replace(SETTINGS_OF_VP8, STRANGE_SETTINGS)
    shutil.copytree(Path(av.__file__).parent, tmp_path / "av", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "av.libs").mkdir()
    for library in true_library.parent.iterdir():
        if library.name == true_library.name:
            (tmp_path / "av.libs" / library.name).write_bytes(strange)
        else:
            (tmp_path / "av.libs" / library.name).symlink_to(library)
    told = subprocess.run(
        [sys.executable, "-c", ASK],
        env={"PYTHONPATH": f"{tmp_path}:{HOUSE}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    warning, answer = told.splitlines()  # said once, though two encoders were opened
    assert warning.startswith("WARNING libvpx v1.")
    assert "its time base is (30, 1) where (1, 30) should stand" in warning
    assert answer == "PyAvEncoder True"
