"""Importing a library without another that it would load and nobody here uses (core)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(name: str) -> Iterator[None]:
    """While it lasts the package `name` cannot be imported, as where it is not installed."""
    had = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # the import system's word for "there is none"
    try:
        yield
    finally:
        del sys.modules[name]
        if had is not None:
            sys.modules[name] = had
