"""`edge enrol`: makes the key, asks the hub, keeps what it is given; and `edge enrol --renew`.

Nothing here goes by the box's clock. Whether a certificate is due, the hub says by its own; how often it is
asked, CLOCK_BOOTTIME says. Source: docs/enrolment.md, docs/adr/0050.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from contract.enrolment import POLL_S, Asked, Enrolled, Nonce, NotDue, Renewal, Waiting, to_sign
from edge.clock import BoxClock
from edge.config import ENROLMENT_STATE, BoxConfig, read_config
from edge.enrolment.box_file import FILE_NAME, BoxFile, parse_box_file
from edge.enrolment.box_key import BoxKey
from edge.enrolment.enrolled_config import FILES, KEYS_FOLDER, NEXT_KEY, enrolled_config
from edge.enrolment.files import read_file, write_file
from edge.enrolment.hub_desk import DeskFaultError, HubDesk
from edge.enrolment.told import Doing, Told
from edge.errors import BoxError, EnrolmentError
from edge.hub_way import KEPT_NAME
from edge.machine_name import as_name, machine_name

log = logging.getLogger(__name__)

CONFIG_NAME: Final = "box.toml"
RETRY_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
ASK_AGAIN_S: Final = 86_400.0  # about the certificate: once a day, and once after each start of the machine
CLAIMS_KEPT: Final = 20


class Enrolment:
    """Of one box: `folder` holds box.toml and keys, `boot_folder` the file that somebody put there."""

    def __init__(
        self,
        folder: Path,
        boot_folder: Path,
        clock: BoxClock,
        *,
        tell: Callable[[Told], None] = lambda _: None,
        sleep: Callable[[float], object] = time.sleep,
        serial_file: Path | None = None,
        see: Callable[[], BoxFile | None] = lambda: None,
    ) -> None:
        """`see`: what a QR code says that is shown to the camera now."""
        self._see = see
        self._folder, self._boot_folder, self._clock = folder, boot_folder, clock
        self._keys, self._address = folder / KEYS_FOLDER, folder / KEPT_NAME
        self._tell, self._sleep = tell, sleep
        self._serial = machine_name(serial_file)
        self._ticket = self._refused = ""

    def is_enrolled(self) -> bool:
        """Whether the box has all that it needs, and nobody gave it another code since."""
        try:
            config = read_config(self._folder / CONFIG_NAME)
            key = BoxKey.load(config.key)
        except BoxError:
            return False
        claim = self._claim_in_file()
        is_new = bool(claim) and _mark(claim) not in self._state().get("claims", [])
        return key.fits(read_file(config.certificate)) and not is_new

    def run(self) -> None:
        """Return when the box is enrolled; tries for ever. Raises EnrolmentError: the disk takes nothing."""
        tries = 0
        while not self.is_enrolled():
            try:
                waiting = self._try()
            except EnrolmentError as error:
                doing = Doing.AWAY
                if isinstance(error, DeskFaultError) and error.code == "revoked":
                    doing = Doing.REVOKED
                self._say(Told(doing, text=str(error)))
                self._sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
            else:
                tries = 0
                if waiting:
                    self._sleep(waiting)
        self._say(Told(Doing.DONE))

    def renew(self) -> str:
        """Ask the hub, when it is time, for another certificate; return what came of it. Raises
        EnrolmentError, ConfigError: there is nothing to renew.
        """
        config = read_config(self._folder / CONFIG_NAME)
        asked = self._state().get("asked", {})
        since_s = self._clock.now_s() - float(asked.get("s", 0.0))
        if asked.get("boot") == self._clock.boot_name and since_s < ASK_AGAIN_S:
            return "asked not long ago"
        return self._renew(config, is_lost=False)

    def _try(self) -> float | None:
        """Return how long to wait before the next try; None: that was all. Raises EnrolmentError."""
        file = self._file()
        if file is None or file.claim in ("", self._refused):
            seen = self._see()
            file = file if seen is None or seen.claim == self._refused else seen
        if file is None:
            return RETRY_S[0]
        if self._renewed_what_was_lost(file):
            return None
        key = self._key_for(file.claim)
        desk = HubDesk.known_by(file.pin, host=file.host, port=file.port, kept=self._address)
        claim = file.claim if file.claim != self._refused else ""
        if claim:
            try:
                answer = desk.ask(self._asked(key, claim=claim), {201: Enrolled}, path="/claim")
            except DeskFaultError as error:
                if error.code != "unknown claim":
                    raise
                log.warning("%s", error)
                self._refused = claim
                self._take_for_seen(claim)
                return 0.0
            self._keep(answer, desk, key, claim)
            return None
        return self._ask_with_number(desk, key)

    def _key_for(self, claim: str) -> BoxKey:
        """Return the key to come in with. A box that is enrolled makes another for another code: the one that
        it has may be on a copy of its card, and be revoked for that.
        """
        key = BoxKey.load_or_make(self._keys / FILES["key"])
        is_new = bool(claim) and _mark(claim) not in self._state().get("claims", [])
        if is_new and key.fits(read_file(self._keys / FILES["certificate"])):
            return BoxKey.load_or_make(self._keys / NEXT_KEY)
        return key

    def _ask_with_number(self, desk: HubDesk, key: BoxKey) -> float | None:
        kinds: dict[int, type[BaseModel]] = {201: Enrolled, 202: Waiting}
        try:
            answer = desk.ask(self._asked(key, ticket=self._ticket), kinds, path="/claim")
        except DeskFaultError as error:
            if error.code != "over":
                raise
            self._ticket = ""
            return 0.0
        if isinstance(answer, Waiting):
            self._ticket = answer.ticket
            self._say(Told(Doing.NUMBER, answer.number))
            return min(max(answer.poll_s, 1.0), 4 * POLL_S)
        assert isinstance(answer, Enrolled)  # noqa: S101 - told to mypy: `kinds` has no other
        self._keep(answer, desk, key, self._refused)
        return None

    def _file(self) -> BoxFile | None:
        """Return what somebody put on the boot partition; None, and told: nothing that can be used."""
        path = self._boot_folder / FILE_NAME
        try:
            return parse_box_file(path.read_bytes())
        except OSError as error:
            self._say(Told(Doing.NO_FILE, text=f"{path}: {error.strerror}"))
        except EnrolmentError as error:
            self._say(Told(Doing.BAD_FILE, text=str(error)))
        return None

    def _claim_in_file(self) -> str:
        with suppress(OSError, EnrolmentError):
            return parse_box_file((self._boot_folder / FILE_NAME).read_bytes()).claim
        return ""

    def _take_for_seen(self, claim: str) -> None:
        """A code that lets nobody in must not keep a box from its work that is enrolled already."""
        key = BoxKey.load(self._keys / FILES["key"])
        if key.fits(read_file(self._keys / FILES["certificate"])):
            self._remember(claims=[*self._state().get("claims", []), _mark(claim)][-CLAIMS_KEPT:])

    def _asked(self, key: BoxKey, *, claim: str = "", ticket: str = "") -> Asked:
        return Asked(
            csr=key.request(),
            claim=claim,
            ticket=ticket,
            serial=self._serial,
            boot_id=as_name(self._clock.boot_name.encode()),
            utc_ms=time.time_ns() // 1_000_000,
        )

    def _renewed_what_was_lost(self, file: BoxFile) -> bool:
        """Whether a box that was enrolled, and whose certificate is damaged, has another for its key."""
        if file.claim and _mark(file.claim) not in self._state().get("claims", []):
            return False
        try:
            config = read_config(self._folder / CONFIG_NAME)
            BoxKey.load(config.key)
            self._renew(config, is_lost=True)
        except BoxError as error:
            log.debug("nothing to renew: %s", error)
            return False
        return True

    def _renew(self, config: BoxConfig, *, is_lost: bool) -> str:
        key = BoxKey.load(config.key)
        where = self._state().get("hub", {})
        host, port = str(where.get("host", config.hub_host)), int(where.get("port", 8443))
        desk = HubDesk(host, port, read_file(config.ca), kept=self._address)
        box = str(config.box_name)
        nonce = desk.ask(Renewal(box=box), {202: Nonce}, path="/renew").nonce
        renewal = Renewal(box=box, nonce=nonce, proof=key.sign(to_sign(box, nonce)), is_lost=is_lost)
        kinds: dict[int, type[BaseModel]] = {200: NotDue, 201: Enrolled}
        answer = desk.ask(renewal, kinds, path="/renew")
        self._remember(asked={"boot": self._clock.boot_name, "s": self._clock.now_s()})
        if isinstance(answer, Enrolled):
            self._keep(answer, desk, key, "")
            return "renewed"
        assert isinstance(answer, NotDue)  # noqa: S101 - told to mypy: `kinds` has no other
        _note_replaced(config, is_replaced=answer.is_replaced)
        return f"not due for {answer.renew_after_s / 86_400:.0f} days, by the hub's clock"

    def _keep(self, answer: Enrolled, desk: HubDesk, key: BoxKey, claim: str) -> None:
        """Put it all on the disk. Whenever the power goes, the next start asks with the same code and key and
        gets the same answer: until the last two lines the code counts as unused, and its key is kept.
        """
        certificate = answer.certificate.encode()
        if not key.fits(certificate):
            raise EnrolmentError("the hub's certificate is not for this box's key")
        server, *others = answer.brokers
        path = self._folder / CONFIG_NAME
        text = enrolled_config(
            read_file(path).decode("utf-8", "replace"),
            station=answer.station,
            box=answer.box,
            host=server.host or desk.host,
            port=server.port,
            front_port=others[0].port if others else None,
        )
        write_file(self._keys / FILES["ca"], desk.ca_pem, mode=0o644)
        write_file(self._keys / FILES["seal_key"], answer.seal_key, mode=0o644)
        key.keep(self._keys / FILES["key"])
        write_file(self._keys / FILES["certificate"], certificate, mode=0o644)
        write_file(path, text.encode(), mode=0o644)  # no secret: other users' services read it
        _note_replaced(read_config(path), is_replaced=answer.is_replaced)
        claims = [*self._state().get("claims", []), *([_mark(claim)] if claim else [])]
        self._remember(hub={"host": desk.host, "port": desk.port}, claims=claims[-CLAIMS_KEPT:])
        (self._keys / NEXT_KEY).unlink(missing_ok=True)

    def _state(self) -> dict[str, Any]:
        with suppress(ValueError):
            found = json.loads(read_file(self._folder / ENROLMENT_STATE) or b"{}")
            return found if isinstance(found, dict) else {}
        return {}

    def _remember(self, **facts: object) -> None:
        text = json.dumps({**self._state(), **facts}, indent=1)
        write_file(self._folder / ENROLMENT_STATE, text.encode(), mode=0o600)

    def _say(self, told: Told) -> None:
        log.info("%s", told.line())
        self._tell(told)


def _note_replaced(config: BoxConfig, *, is_replaced: bool) -> None:
    """Another box is the station, or none: `edge vitals` does what follows from its next start on."""
    if is_replaced:
        write_file(config.replaced_file, str(config.box_name).encode(), mode=0o644)
    else:
        try:
            config.replaced_file.unlink(missing_ok=True)
        except OSError as error:
            text = f"{config.replaced_file} cannot be removed: {error.strerror}"
            raise EnrolmentError(text) from error


def _mark(claim: str) -> str:
    """Return by what a code that was used is known again; it opens nothing any more."""
    return hashlib.sha256(claim.encode()).hexdigest()
