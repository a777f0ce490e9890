"""The small picture of a link: what is not known is not drawn."""

from hub.console.sparkline import HEIGHT, TOP, WIDTH, Point, picture_of

STEP = 1 / 24


def test_hours_that_follow_one_another_are_joined_and_others_are_not() -> None:
    points = [Point(0, 10), Point(STEP, 20), Point(4 * STEP, 20)]
    mean = picture_of(points, gaps=(), step=STEP).mean
    assert mean == "M0.0 25.0L30.0 3.0M120.0 3.0h30.0"


def test_the_highest_value_of_all_fits() -> None:
    picture = picture_of([Point(0.5, 10, worst=90)], gaps=(), step=STEP)
    assert picture.top == 90
    assert picture.worst == f"M{WIDTH / 2} {TOP}.0h30.0"
    assert picture.mean.startswith(f"M{WIDTH / 2} {HEIGHT - 1 - 44 / 9:.1f}")


def test_what_was_told_later_is_drawn_apart_and_silence_is_marked() -> None:
    picture = picture_of(
        [Point(0, 1, is_late=True)], gaps=((0.25, 0.5), (-1, -0.5), (0.9, 0.9001)), step=STEP
    )
    assert (picture.mean, picture.late) == ("", "M0.0 3.0h30.0")
    assert picture.gaps == ((180.0, 180.0), (648.0, 1.0))


def test_nothing_known_is_nothing_drawn() -> None:
    picture = picture_of([], gaps=(), step=STEP)
    assert (picture.mean, picture.worst, picture.late, picture.top) == ("", "", "", 0.0)
