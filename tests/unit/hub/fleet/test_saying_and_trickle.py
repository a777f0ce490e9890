from contract.ids import StationId
from hub.fleet.command_saying import REPEAT_S, CommandSaying
from hub.fleet.trickle import BURST, PER_S, Trickle
from hub.store.settings_book import CommandRow

CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
NOBODY: frozenset[StationId] = frozenset()
NOON_US = 1_800_000_000_000_000


def command(number: int = 1, station: StationId = CON_DAO) -> CommandRow:
    return CommandRow(
        name=f"{number:016x}",
        station=station,
        word="identify",
        by="Lan",
        made_utc_us=NOON_US,
        expires_utc_us=NOON_US + 120_000_000,
    )


def saying(*rows: CommandRow, now_utc_us: int = NOON_US) -> CommandSaying:
    made = CommandSaying()
    made.take(rows, now_s=1_000.0, now_utc_us=now_utc_us)
    return made


def test_a_command_says_how_long_it_still_counts() -> None:
    made = saying(command())
    ((row, said),) = made.due(now_s=1_030.0, absent=NOBODY)
    assert row == command()
    assert (said.id, said.command, said.by, said.lease_s) == (row.name, "identify", "Lan", 90.0)
    assert said.expires_utc_us == row.expires_utc_us


def test_it_is_said_again_until_it_is_answered_and_never_after_its_end() -> None:
    made = saying(command())
    made.said(command().name, now_s=1_000.0)
    assert made.due(now_s=1_000.0 + REPEAT_S - 1, absent=NOBODY) == []
    assert len(made.due(now_s=1_000.0 + REPEAT_S, absent=NOBODY)) == 1
    assert made.due(now_s=1_120.0, absent=NOBODY) == []
    assert made.over(now_s=1_119.9) == []
    assert made.over(now_s=1_120.0) == [command()]
    made.take([], now_s=1_001.0, now_utc_us=NOON_US)  # the store has an answer
    assert made.is_empty


def test_a_station_that_is_away_is_told_when_it_is_back() -> None:
    made = saying(command(), command(2, LY_SON))
    assert [row.station for row, _ in made.due(now_s=1_000.0, absent=frozenset({CON_DAO}))] == [LY_SON]
    made.said(command().name, now_s=1_000.0)
    made.hello(CON_DAO)
    assert command() in [row for row, _ in made.due(now_s=1_001.0, absent=NOBODY)]


def test_a_hub_that_starts_later_knows_the_end_by_utc_and_a_clock_set_back_adds_nothing() -> None:
    late = saying(command(), now_utc_us=NOON_US + 100_000_000)
    assert late.over(now_s=1_019.9) == []
    assert late.over(now_s=1_020.0) == [command()]
    back = saying(command(), now_utc_us=NOON_US - 3_600_000_000)
    assert back.over(now_s=1_120.0) == [command()]


def test_documents_go_out_at_a_trickle_each_once_and_a_few_at_once() -> None:
    trickle = Trickle()
    stations = [StationId(f"s-{number}") for number in range(1_000)]
    trickle.add(stations)
    trickle.add(stations[:10])
    sent: list[StationId] = []
    now_s = 50.0
    while len(trickle):
        while (one := trickle.next(now_s=now_s)) is not None:
            trickle.sent(one)
            sent.append(one)
        assert len(sent) <= BURST + (now_s - 50.0) * PER_S + 1e-6
        now_s += 0.1
    assert sent == stations
    assert now_s - 50.0 >= (1_000 - BURST) / PER_S


def test_what_could_not_be_handed_out_stays_due() -> None:
    trickle = Trickle()
    trickle.add([CON_DAO])
    assert trickle.next(now_s=1.0) == CON_DAO
    assert trickle.next(now_s=2.0) == CON_DAO
