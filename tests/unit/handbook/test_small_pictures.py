"""A picture for a document: small, and of the colours that the page had."""

import random
from pathlib import Path

from PIL import Image

from tests.night_shift.pictures import make_small

GROUND, PAPER, ALARM = (238, 241, 244), (255, 255, 255), (200, 16, 46)


def test_what_covers_much_keeps_its_colour_and_a_small_alarm_is_not_lost(tmp_path: Path) -> None:
    rng, path = random.Random(5), tmp_path / "page.png"
    picture = Image.new("RGB", (200, 120), GROUND)
    picture.paste(PAPER, (0, 0, 200, 40))
    for x in range(60, 120):  # a face: many colours, each of them once
        for y in range(50, 110):
            picture.putpixel(
                (x, y), (rng.randrange(120, 256), rng.randrange(80, 200), rng.randrange(80, 200))
            )
    picture.paste(ALARM, (190, 110, 193, 113))
    picture.save(path)
    before_bytes = path.stat().st_size
    make_small(path)
    with Image.open(path) as small:
        seen = small.convert("RGB")
    assert (seen.getpixel((5, 60)), seen.getpixel((5, 5))) == (GROUND, PAPER)
    assert all(abs(a - b) < 24 for a, b in zip(seen.getpixel((191, 111)), ALARM, strict=True))  # type: ignore[arg-type]
    assert path.stat().st_size < before_bytes
