from tests.crash.disk import Disk, Part
from tests.crash.states import KINDS, imagine, prefix
from tests.crash.trace import Delete, File, Make, Resize, Step, Sync, Write

A, LOG = File("a", 1), File("log", 1)


def disk(*steps: Step) -> Disk:
    made = Disk()
    for step in steps:
        made.take(step)
    return made


STANDING = (Make(A), Make(LOG), Sync(None), Write(A, 0, b"old"), Sync(A))


def test_what_was_synced_stays_and_what_was_not_may_go() -> None:
    left = disk(*STANDING, Write(A, 0, b"new"), Write(LOG, 0, b"x"), Sync(LOG))
    assert left.files((), 0) == {"a": b"old", "log": b"x"}
    assert left.everything() == {"a": b"new", "log": b"x"}


def test_the_sync_of_one_file_keeps_nothing_of_another() -> None:
    assert disk(*STANDING, Write(LOG, 0, b"x"), Sync(A)).files((), 0)["log"] == b""


def test_parts_are_applied_in_the_order_given_and_holes_are_zeros() -> None:
    left = disk(*STANDING, Write(A, 0, b"1111"), Write(A, 2, b"22"), Write(A, 6, b"3"))
    assert left.files((Part(1), Part(0)), 0)["a"] == b"1111"
    assert left.files((Part(2),), 0)["a"] == b"old\0\0\x003"
    assert left.files((Part(0, 0, 1), Part(0, 3)), 0)["a"] == b"1ld1"


def test_a_file_may_be_cut_short_or_be_as_it_was() -> None:
    left = disk(*STANDING, Resize(A, 1))
    assert (left.files((), 0)["a"], left.everything()["a"]) == (b"old", b"o")


def test_names_are_durable_with_the_folder_and_in_order_before() -> None:
    left = disk(Make(A), Write(A, 0, b"x"), Sync(A), Make(LOG), Delete(A))
    assert [set(left.files((), names)) for names in range(4)] == [set(), {"a"}, {"a", "log"}, {"log"}]
    left.take(Sync(None))
    assert set(left.files((), 0)) == {"log"}


def test_a_file_made_again_does_not_get_the_bytes_of_the_one_before() -> None:
    again = File("log", 2)
    left = disk(*STANDING, Write(LOG, 0, b"before"), Delete(LOG), Make(again), Write(again, 0, b"x"))
    assert left.files(map(Part, range(2)), 0)["log"] == b"before"
    assert left.files(map(Part, range(2)), 2)["log"] == b"x"


def test_each_kind_of_state_is_what_it_says() -> None:
    old, new = bytes(2_048), b"n" * 2_048
    left = disk(*STANDING, Write(A, 0, old), Sync(A), *[Write(A, at * 2_048, new) for at in range(3)])

    def whole(kind: str, draw: int) -> list[bool]:
        recipe = imagine(left, 9, kind, seed=1, draw=draw)
        assert recipe is not None
        data = left.files(recipe.parts, recipe.names)["a"]
        return [data[at * 2_048 : (at + 1) * 2_048] == new for at in range(3)]

    assert left.files(prefix(left, 9).parts, 0)["a"] == 3 * new
    assert whole("none", 0) == [False, False, False]
    assert whole("newest", 0) == [False, False, True]
    assert {sum(whole("dropped", draw)) for draw in range(20)} == {2}
    assert {tuple(whole("torn", draw)[:2]) for draw in range(20)} == {(True, True)}
    assert sum(whole("torn", draw)[2] for draw in range(20)) < 10
    assert len({tuple(whole("some", draw)) for draw in range(40)}) > 4


def test_a_recipe_is_the_same_for_the_same_seed() -> None:
    left = disk(*STANDING, *[Write(A, at * 700, b"n" * 700) for at in range(9)])
    for kind in KINDS:
        assert imagine(left, 14, kind, seed=1, draw=3) == imagine(left, 14, kind, seed=1, draw=3)
