"""One thread that owns one opened store."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from hub.store.interface import Store, StoreFailedError
from hub.store.sqlite import SqliteStore

T = TypeVar("T")


class StoreThread:
    """The store in `folder`, opened, used and closed on a thread of its own. Use as an async context."""

    def __init__(self, folder: Path, *, is_writer: bool) -> None:
        self._folder, self._is_writer = folder, is_writer
        name = "store-writer" if is_writer else "store-reader"
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._store: SqliteStore | None = None

    async def __aenter__(self) -> Self:
        """Open the store. Raises StoreError."""
        try:
            self._store = await asyncio.get_running_loop().run_in_executor(self._executor, self._open)
        except BaseException:
            self._executor.shutdown(wait=False)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._store is not None:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._store.close)
            self._store = None
        self._executor.shutdown()

    async def run(self, work: Callable[[Store], T]) -> T:
        """Call `work` with the store on its thread, after what waits there, and return what it returns.

        Raises StoreFailedError: the disk did not give or take what was asked.
        """
        store = self._store
        if store is None:
            raise RuntimeError(f"the store in {self._folder} is not open")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(store))
        except sqlite3.Error as error:
            raise StoreFailedError(f"store {self._folder} could not be read: {error}") from error

    def _open(self) -> SqliteStore:
        return SqliteStore(self._folder, is_writer=self._is_writer)
