"""A fleet needs a file a station: asked for when it starts, and refused with words where it cannot be."""

import resource

import pytest

from hub.simulate.connection import allow_files


def test_more_files_than_the_machine_allows_are_refused_with_what_to_do() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this machine allows any number")
    with pytest.raises(OSError, match=f"{hard} allowed: ulimit"):
        allow_files(hard)


def test_a_low_limit_of_the_process_is_raised() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
        allow_files(100)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (356, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
