"""`hub alerts`: rules, a document that can or cannot be used, what would be raised of what the store has."""

from pathlib import Path

from contract.ids import StationId
from tests.integration.conftest import Command
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation


def test_the_rules_are_shown_and_a_document_is_checked(command: Command, tmp_path: Path) -> None:
    assert command("init", tmp_path).status == 0
    shown = command("alerts", "--config", tmp_path / "hub.toml")
    assert shown.status == 0 and "silent silent ≥ 15 min" in shown.out
    document = tmp_path / "alerts.toml"
    document.write_text('[[rules]]\nname = "silent"\nabove = "1 h"\n', encoding="utf-8")
    checked = command("alerts", "--check", document)
    assert checked.status == 0 and "can be used; 16 rules" in checked.out
    document.write_text('[[rules]]\nname = "silent"\nabove = "1"\n', encoding="utf-8")
    refused = command("alerts", "--check", document)
    assert refused.status == 1
    assert "rules[1].above = '1': expected a time such as" in refused.err


def test_what_would_be_raised_is_said_beside_a_hub_that_runs(command: Command, tmp_path: Path) -> None:
    names = {"con-dao-01": "Côn Đảo"}
    path = tmp_path / "hub.toml"
    path.write_text('[stations]\ncon-dao-01 = "Côn Đảo"\n', encoding="utf-8")
    with ConsoleServer(tmp_path, names=names) as server:
        station = StationId("con-dao-01")
        ConsoleStation(server, station).status(owed=4_000)
        wait_for(lambda: server.call(lambda: server.rooms.feed.now(station).status) is not None, "the status")
        said = command("alerts", "--now", "--config", path)
    assert said.status == 0, said.err
    assert "* button-test Côn Đảo ∞ 7 d" in said.out and "silent Côn" not in said.out
