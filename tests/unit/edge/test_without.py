"""A library is imported without another."""

import sys
from importlib import import_module

import pytest

from edge.uplink.without import without


def test_there_is_none_while_it_lasts_and_again_what_there_was_after() -> None:
    before = import_module("colorsys")
    with without("colorsys"), pytest.raises(ModuleNotFoundError):
        import_module("colorsys")
    assert import_module("colorsys") is before


def test_what_was_not_loaded_is_not_loaded_after() -> None:
    with without("nobody_has_it"):
        assert "nobody_has_it" in sys.modules
    assert "nobody_has_it" not in sys.modules
