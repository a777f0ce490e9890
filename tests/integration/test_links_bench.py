"""The bench of poor links for real, over a link that is not poor: a stock sender, and ours in a call."""

import pytest

from tests.links_bench.clip import FRAMES, HEIGHT, WIDTH, Clip
from tests.links_bench.run import Peer, run
from tests.simulators.links import CLEAN_2M

SECONDS = 4.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return Clip(tmp_path_factory.mktemp("clip"))


def test_the_clip_is_what_cameras_and_microphones_read(clip: Clip) -> None:
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} ".encode()
    film = clip.film.read_bytes()
    assert film.startswith(header)
    assert film.count(b"FRAME\n") >= FRAMES
    assert len(clip.said) % 10_000 == 0  # whole seconds: it is said over and over


@pytest.mark.timeout(300)
@pytest.mark.parametrize("peer", ["aiortc", "ours"])
def test_a_sender_is_seen_heard_and_measured(clip: Clip, peer: Peer) -> None:
    found = run(peer, CLEAN_2M, clip, seconds=SECONDS)
    figures = found.figures
    assert figures["alive"] is True
    assert figures["video_fps"] > 1
    assert figures["ssim"] > 0.5, "the barcodes were read, and the pictures are those of the film"
    assert figures["estoi"] > 0.3, "what was heard is what was said"
    assert 0.02 < figures["utilisation"] <= 1.01
    assert sum(found.course.carried[0]) > 0, "its packets were told from others"
    assert found.course.painted[0]
