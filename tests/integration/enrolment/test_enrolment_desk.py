"""What the hub's desk answers: renewals by the hub's clock alone, numbers on panels, guessers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509

from contract.claims import make_code
from contract.enrolment import Asked, Enrolled, Fault, Nonce, NotDue, Renewal, Waiting, to_sign
from contract.ids import BoxName, BoxNo, StationId
from edge.enrolment.box_key import BoxKey
from hub.clock import Clock
from hub.config import Config, parse_config
from hub.enrolment.enrolment_service import Answer, EnrolmentDesk
from hub.people.accounts import Accounts
from hub.people.boxes import CLAIM_LIFE_S, CLAIMS_MAX, ClaimRefusedError, Standing
from hub.people.tries import FIRST_WAIT_S
from hub.pki.authority import BOX_LIFETIME, Authority

T = TypeVar("T")
CON_DAO = StationId("con-dao-01")
DAY_S = 86_400
HOST = "hub.example.vn"


class SetClock(Clock):
    """Both clocks as the test sets them."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s, self.utc_s = 1_000.0, 1_800_000_000.0

    def now_s(self) -> float:
        return self.at_s

    def utc_now_us(self) -> int:
        return int(self.utc_s * 1e6)

    def later(self, seconds: float) -> None:
        self.at_s += seconds
        self.utc_s += seconds


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse_config("[broker]\nport = 8883\n", path=tmp_path / "hub.toml")


@pytest.fixture
def desk(config: Config, clock: SetClock) -> Iterator[EnrolmentDesk]:
    authority = Authority(config.pki_folder)
    authority.make(names=(HOST,), now=datetime.now(UTC))
    with closing(EnrolmentDesk(config, authority, clock)) as desk:
        yield desk


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_make(tmp_path / "box.key")


def do(work: Callable[[], Awaitable[T]]) -> T:
    async def run() -> T:
        return await work()

    return asyncio.run(run())


def ask(
    desk: EnrolmentDesk, key: BoxKey, *, claim: str = "", ticket: str = "", address: str = "10.0.0.9"
) -> Answer:
    asked = Asked(csr=key.request(), claim=claim, ticket=ticket, serial="abc")
    return do(lambda: desk.enrol(asked, address=address, host=HOST))


def enrolled(desk: EnrolmentDesk, key: BoxKey, station: StationId = CON_DAO) -> Enrolled:
    code, _ = do(lambda: desk.make_claim(station, by="Lan"))
    answer = ask(desk, key, claim=code)
    assert isinstance(answer, Enrolled)
    return answer


def renew(
    desk: EnrolmentDesk, key: BoxKey, box: str, *, signed: str | None = None, is_lost: bool = False
) -> Answer:
    nonce = do(lambda: desk.renew(Renewal(box=box), host=HOST))
    assert isinstance(nonce, Nonce)
    proof = key.sign(to_sign(signed or box, nonce.nonce))
    return do(
        lambda: desk.renew(Renewal(box=box, nonce=nonce.nonce, proof=proof, is_lost=is_lost), host=HOST)
    )


def fault(answer: Answer) -> str:
    assert isinstance(answer, Fault), answer
    return answer.code


def test_a_certificate_is_good_from_1970_and_for_ninety_days(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock
) -> None:
    answer = enrolled(desk, key)
    made = x509.load_pem_x509_certificate(answer.certificate.encode())
    assert made.not_valid_before_utc == datetime(1970, 1, 2, tzinfo=UTC)
    assert made.not_valid_after_utc == datetime.fromtimestamp(clock.utc_s, UTC) + BOX_LIFETIME
    assert key.fits(answer.certificate.encode())
    assert [one.value for one in made.subject] == ["con-dao-01.1"]
    assert answer.renew_after_s == pytest.approx(60 * DAY_S)
    assert [(one.host, one.port) for one in answer.brokers] == [(HOST, 8883)]


def test_a_box_is_told_of_the_port_for_everything(tmp_path: Path, clock: SetClock, key: BoxKey) -> None:
    text = f'[console]\nnames = ["{HOST}"]\n[front]\naddress = "10.1.2.3"\nport = 444\n'
    config = parse_config(text, path=tmp_path / "hub.toml")
    authority = Authority(config.pki_folder)
    authority.make(names=(HOST,), now=datetime.now(UTC))
    with closing(EnrolmentDesk(config, authority, clock)) as desk:
        assert [one.port for one in enrolled(desk, key).brokers] == [8883, 444]


def test_a_renewal_is_due_at_two_thirds_of_the_life_by_the_hubs_clock(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock
) -> None:
    first = enrolled(desk, key)
    clock.later(60 * DAY_S - 1)
    early = renew(desk, key, "con-dao-01.1")
    assert isinstance(early, NotDue) and early.renew_after_s == pytest.approx(1, abs=0.1)
    clock.later(1)
    again = renew(desk, key, "con-dao-01.1")
    assert isinstance(again, Enrolled) and again.certificate != first.certificate
    assert key.fits(again.certificate.encode())
    assert isinstance(renew(desk, key, "con-dao-01.1"), NotDue)


def test_a_box_that_lay_in_a_drawer_for_years_is_renewed_by_its_key(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock
) -> None:
    enrolled(desk, key)
    clock.later(3 * 365 * DAY_S)
    assert isinstance(renew(desk, key, "con-dao-01.1"), Enrolled)


def test_a_hub_whose_clock_is_set_back_renews_all_the_same(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock
) -> None:
    clock.utc_s += 2 * 365 * DAY_S
    enrolled(desk, key)
    clock.utc_s -= 2 * 365 * DAY_S
    assert isinstance(renew(desk, key, "con-dao-01.1", is_lost=True), Enrolled)
    clock.later(60 * DAY_S)
    assert isinstance(renew(desk, key, "con-dao-01.1"), Enrolled)


def test_a_certificate_that_was_lost_is_made_anew_before_its_time(desk: EnrolmentDesk, key: BoxKey) -> None:
    enrolled(desk, key)
    assert isinstance(renew(desk, key, "con-dao-01.1", is_lost=True), Enrolled)


def test_only_the_boxs_own_key_renews(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock, tmp_path: Path
) -> None:
    enrolled(desk, key)
    clock.later(61 * DAY_S)
    other = BoxKey.load_or_make(tmp_path / "other.key")
    assert fault(renew(desk, other, "con-dao-01.1")) == "wrong proof"
    assert fault(renew(desk, key, "con-dao-01.1", signed="con-dao-01.2")) == "wrong proof"
    assert fault(renew(desk, key, "con-dao-01.2")) == "unknown box"
    nonce = do(lambda: desk.renew(Renewal(box="con-dao-01.1"), host=HOST))
    assert isinstance(nonce, Nonce)
    clock.later(301)
    proof = key.sign(to_sign("con-dao-01.1", nonce.nonce))
    late = Renewal(box="con-dao-01.1", nonce=nonce.nonce, proof=proof)
    assert fault(do(lambda: desk.renew(late, host=HOST))) == "wrong proof"


def test_a_revoked_box_is_neither_renewed_nor_let_in_again(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock
) -> None:
    code, _ = do(lambda: desk.make_claim(CON_DAO, by="Lan"))
    assert isinstance(ask(desk, key, claim=code), Enrolled)
    assert do(lambda: desk.revoke(CON_DAO, by="Lan")) == [(CON_DAO, 0), (CON_DAO, 1)]
    clock.later(61 * DAY_S)
    assert fault(renew(desk, key, "con-dao-01.1")) == "revoked"
    assert fault(ask(desk, key, claim=code)) == "unknown claim"


def test_a_code_is_over_after_fourteen_days(desk: EnrolmentDesk, key: BoxKey, clock: SetClock) -> None:
    code, _ = do(lambda: desk.make_claim(CON_DAO, by="Lan"))
    other, _ = do(lambda: desk.make_claim(CON_DAO, by="Lan"))
    clock.later(CLAIM_LIFE_S - 1)
    assert isinstance(ask(desk, key, claim=code), Enrolled)
    clock.later(1)
    assert fault(ask(desk, key, claim=other)) == "unknown claim"


def test_codes_that_wait_are_few_and_can_be_withdrawn(desk: EnrolmentDesk, key: BoxKey) -> None:
    codes = [do(lambda: desk.make_claim(CON_DAO, by="Lan"))[0] for _ in range(CLAIMS_MAX)]
    with pytest.raises(ClaimRefusedError, match="five codes"):
        do(lambda: desk.make_claim(CON_DAO, by="Lan"))
    assert do(lambda: desk.withdraw_claims(CON_DAO)) == CLAIMS_MAX
    assert fault(ask(desk, key, claim=codes[0])) == "unknown claim"


def test_codes_are_kept_nowhere(desk: EnrolmentDesk, config: Config) -> None:
    code, _ = do(lambda: desk.make_claim(CON_DAO, by="Lan"))
    for path in config.accounts_path.parent.glob("accounts.db*"):
        data = path.read_bytes()
        assert code.encode() not in data and code.replace("-", "").encode() not in data


def test_whoever_guesses_waits_and_others_do_not(desk: EnrolmentDesk, key: BoxKey, clock: SetClock) -> None:
    code, _ = do(lambda: desk.make_claim(CON_DAO, by="Lan"))
    assert fault(ask(desk, key, claim=make_code(b"guess 1"))) == "unknown claim"
    assert fault(ask(desk, key, claim=code)) == "too many"
    clock.later(FIRST_WAIT_S)
    assert fault(ask(desk, key, claim=make_code(b"guess 2"))) == "unknown claim"
    clock.later(FIRST_WAIT_S)
    assert fault(ask(desk, key, claim=code)) == "too many"  # twice as long
    assert isinstance(ask(desk, key, claim=code, address="10.0.0.10"), Enrolled)


@pytest.mark.parametrize(
    "csr", ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"]
)
def test_what_is_no_request_is_refused(desk: EnrolmentDesk, csr: str) -> None:
    answer = do(lambda: desk.enrol(Asked(csr=csr), address="a", host=HOST))
    assert fault(answer) == "malformed"


def test_a_number_on_the_panel_is_typed_by_an_operator(
    desk: EnrolmentDesk, key: BoxKey, tmp_path: Path
) -> None:
    first = ask(desk, key)
    assert isinstance(first, Waiting)
    again = ask(desk, key, ticket=first.ticket)
    assert isinstance(again, Waiting) and again.number == first.number
    candidate = desk.candidate(first.number)
    assert candidate is not None and candidate.serial == "abc"
    assert do(lambda: desk.let_in(candidate, CON_DAO, by="Lan")) == (CON_DAO, 1)
    thief = BoxKey.load_or_make(tmp_path / "thief.key")
    assert fault(ask(desk, thief, ticket=first.ticket)) == "over"
    answer = ask(desk, key, ticket=first.ticket)
    assert isinstance(answer, Enrolled) and (answer.station, answer.box) == (CON_DAO, 1)


def test_a_number_is_over_when_the_hub_has_started_anew(
    desk: EnrolmentDesk, key: BoxKey, config: Config, clock: SetClock
) -> None:
    first = ask(desk, key)
    assert isinstance(first, Waiting)
    with closing(EnrolmentDesk(config, Authority(config.pki_folder), clock)) as another:
        assert fault(ask(another, key, ticket=first.ticket)) == "over"


def test_a_spare_becomes_the_station_and_the_former_box_is_told(
    desk: EnrolmentDesk, key: BoxKey, clock: SetClock, tmp_path: Path
) -> None:
    changed: list[StationId] = []
    desk.on_change(changed.append)
    enrolled(desk, key)
    assert desk.standings().current(CON_DAO) == BoxName(CON_DAO, BoxNo(1))
    spare = BoxKey.load_or_make(tmp_path / "spare.key")
    answer = enrolled(desk, spare)
    assert (answer.box, answer.is_replaced) == (2, False)
    assert desk.standings().of(BoxName(CON_DAO, BoxNo(1))) is Standing.FORMER
    assert desk.standings().of(BoxName(CON_DAO)) is Standing.FORMER
    early = renew(desk, key, "con-dao-01.1")
    assert isinstance(early, NotDue) and early.is_replaced
    clock.later(61 * DAY_S)
    late = renew(desk, key, "con-dao-01.1")  # it still has something to send
    assert isinstance(late, Enrolled) and late.is_replaced
    assert changed == [CON_DAO, CON_DAO]
    do(lambda: desk.revoke(BoxName(CON_DAO, BoxNo(2)), by="Lan"))
    assert desk.standings().current(CON_DAO) == (CON_DAO, 1)  # a spare that was stolen on its way


def test_every_deed_is_in_the_book(desk: EnrolmentDesk, key: BoxKey, config: Config, clock: SetClock) -> None:
    enrolled(desk, key)
    clock.later(61 * DAY_S)
    renew(desk, key, "con-dao-01.1")
    with closing(Accounts(config.accounts_path)) as accounts:
        deeds = [(deed.name, deed.deed) for deed in accounts.deeds.about(CON_DAO)]
    assert deeds == [("con-dao-01.1", "box renewed"), ("con-dao-01.1", "box enrolled")]
