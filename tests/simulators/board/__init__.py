"""Our own board, simulated: `with BoardSim(link) as board:` in a test, or a process of its own.

`core` decides what is sent when and is pure; `sim` is the terminal and the thread, `__main__` the process.
"""

from tests.simulators.board.sim import DEFAULT_UID, BoardSim

__all__ = ["DEFAULT_UID", "BoardSim"]
