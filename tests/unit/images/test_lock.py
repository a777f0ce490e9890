"""The lock says exactly what it was made from, and whatever is not a lock is refused."""

import pytest

from images.debian import read_lock, wanted
from images.errors import ImageError
from images.lock import Lock, Package, differences, parse, wishes
from images.places import MACHINES, TOOLBOX

A, B = "a" * 64, "b" * 64
LOCK = Lock(1_764_201_600, B, (Package("bash", "5.2-1", A), Package("linux-image-6.12", "6.12-1", B, False)))


def test_a_lock_reads_as_it_was_written() -> None:
    assert parse(LOCK.text(), name="x.lock") == LOCK


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOCK.text().replace("epoch", "time"),
        LOCK.text().replace(
            "install bash 5.2-1", "install bash"
        ),  # a line that is half there is not left out
        LOCK.text() + "install zsh 5.9\n",
        LOCK.text().replace(A, A[:-1]),
    ],
)
def test_what_is_not_a_lock_is_refused_by_name(text: str) -> None:
    with pytest.raises(ImageError, match=r"x\.lock is not a lock"):
        parse(text, name="x.lock")


def test_a_list_of_wishes_has_words_for_people() -> None:
    assert wishes("# head\nbash\n\nudev   # hot-plug\n") == ["bash", "udev"]


def test_differences_name_what_came_went_and_changed() -> None:
    new = (Package("bash", "5.3-1", A), Package("zsh", "5.9-1", B))
    assert differences(LOCK.packages, new) == [
        "bash: 5.2-1 -> 5.3-1",
        "linux-image-6.12: 6.12-1 -> none",
        "zsh: none -> 5.9-1",
    ]


@pytest.mark.parametrize("name", [*MACHINES, TOOLBOX])
def test_each_lock_is_made_from_the_lists_of_now(name: str) -> None:
    lock = read_lock(name)
    names = [one.name for one in lock.packages]
    assert set(wanted(name)[0]) <= set(names)
    assert len(names) == len(set(names))
    kernels = [one.name for one in lock.packages if not one.is_installed]
    assert len(kernels) == (name in MACHINES), kernels
