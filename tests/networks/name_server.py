"""A name server that knows one name, and can die."""

import socket
import struct
import threading
from typing import Final, Self

LOOK_S: Final = 0.1
_QUESTION_AT: Final = 12  # after the header (RFC 1035, 4.1.1)
_A: Final = 1


class NameServer:
    """Answers for `name` at port 53 of `address`, in a thread. Use as a context."""

    def __init__(self, address: str, name: str) -> None:
        self._place, self._name, self._means = address, name, address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="name server")
        self.is_dead = False
        self.asked = 0

    def __enter__(self) -> Self:
        self._socket.bind((self._place, 53))
        self._socket.settimeout(LOOK_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    def lie(self, means: str) -> None:
        """Say that the name is at another address."""
        self._means = means

    def _serve(self) -> None:
        while not self._is_over.is_set():
            try:
                question, asker = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if not self.is_dead:
                self._socket.sendto(self._answer(question), asker)

    def _answer(self, question: bytes) -> bytes:
        at, labels = _QUESTION_AT, list[str]()
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        asked = question[_QUESTION_AT : at + 5]
        (kind,) = struct.unpack(">H", question[at + 1 : at + 3])
        is_ours = ".".join(labels) == self._name
        has_answer = is_ours and kind == _A
        flags = 0x8180 | (0 if is_ours else 3)  # no such name
        head = question[:2] + struct.pack(">HHHHH", flags, 1, int(has_answer), 0, 0)
        if not has_answer:
            return head + asked
        return head + asked + struct.pack(">HHHIH", 0xC00C, _A, 1, 0, 4) + socket.inet_aton(self._means)
