import re
from pathlib import Path

import pytest

from hub.alerts.facts import QUANTITIES, HubFacts, StationFacts
from hub.alerts.rules import BUILT_IN, Rules, Severity, without_document
from hub.alerts.rules_document import parse_rules, read_rules
from hub.toml_table import ConfigError

DOCS = Path(__file__).parents[4] / "docs" / "alerts.md"


def parsed(text: str, tmp_path: Path) -> Rules:
    return parse_rules(text, path=tmp_path / "alerts.toml")


def test_without_a_document_the_built_in_rules_hold() -> None:
    assert without_document().rules == BUILT_IN
    assert {
        "silent",
        "owed-age",
        "temperature",
        "leads-off",
        "device-gone",
        "clock-unsure",
        "button-test",
    } <= set(BUILT_IN)


@pytest.mark.parametrize("rule", BUILT_IN.values(), ids=lambda rule: rule.name)
def test_every_built_in_rule_can_be_over_and_can_be_clear(rule: object) -> None:
    one = BUILT_IN[getattr(rule, "name", "")]
    assert one.is_over(one.limit, one.limit) and not one.is_clear(one.limit)
    assert one.is_clear(one.clear) and not one.is_over(one.clear, one.limit)
    assert one.worse is None or one.is_over(one.worse, one.limit)
    assert one.worse is None or one.worse_severity > one.severity


def test_every_fact_may_be_looked_at_and_nothing_else() -> None:
    fields = {*StationFacts.__slots__, *HubFacts.__slots__}
    assert set(QUANTITIES) == fields
    assert {name for name, one in QUANTITIES.items() if one.is_of_hub} == set(HubFacts.__slots__)


def test_a_rule_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    rules = parsed(
        """
        [[people]]
        name = "Trực kỹ thuật"
        email = "truc@soyte.example.vn"
        severities = ["high", "medium"]
        unit = "Cô Tô"
        at_most_an_hour = 4
        [[rules]]
        name = "hot-island"
        look_at = "temperature"
        above = "60 °C"
        clear_below = "50 °C"
        worse = "70 °C"
        hold = "2 min"
        settle = "5 min"
        severity = "low"
        worse_severity = "medium"
        escalate = "10 min"
        tell = ["Trực kỹ thuật"]
        unit = "Cô Tô"
        gather = false
        """,
        tmp_path,
    )
    rule, (person,) = rules.rules["hot-island"], rules.people
    assert (rule.limit, rule.clear, rule.worse, rule.hold_s, rule.settle_s) == (60, 50, 70, 120, 300)
    assert (rule.severity, rule.worse_severity, rule.escalate_s) == (Severity.LOW, Severity.MEDIUM, 600)
    assert (rule.tell, rule.unit, rule.gathers) == (("Trực kỹ thuật",), "Cô Tô", False)
    assert (person.at_most, sorted(person.severities)) == (4, [Severity.MEDIUM, Severity.HIGH])
    assert set(BUILT_IN) < set(rules.rules)


def test_a_built_in_rule_is_changed_in_part_or_switched_off(tmp_path: Path) -> None:
    text = '[[rules]]\nname = "silent"\nabove = "1 h"\nescalate = "never"\n[[rules]]\nname = "temperature"\non = false\n'  # noqa: E501
    rules = parsed(text, tmp_path).rules
    assert "temperature" not in rules
    assert (rules["silent"].limit, rules["silent"].escalate_s) == (3_600, None)
    assert rules["silent"].title == BUILT_IN["silent"].title


def test_a_document_may_do_without_the_built_in_rules(tmp_path: Path) -> None:
    assert parsed("built_in = false\n", tmp_path).rules == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rules]]\nname = "x"\nlook_at = "temprature"\nabove = "60 °C"',
         r"rules\[1\]\.look_at = 'temprature': expected one of silent"),
        ('[[rules]]\nname = "x"\nlook_at = "temperature"\nabove = "60"',
         r"rules\[1\]\.above = '60': expected a temperature such as"),
        ('[[rules]]\nname = "x"\nlook_at = "temperature"', "above or below is missing"),
        ('[[rules]]\nname = "x"\nlook_at = "temperature"\nabove = "60 °C"\nbelow = "5 °C"',
         "either above or below"),
        ('[[rules]]\nname = "X y"\nlook_at = "silent"\nabove = "1 h"', "inner hyphens"),
        ('[[rules]]\nname = "silent"\n[[rules]]\nname = "silent"', "no other rule"),
        ('[[rules]]\nname = "silent"\nlook_at = "temperature"', "as this built-in rule does"),
        ('[[rules]]\nname = "silent"\nclear_below = "2 h"',
         "clear_below = '2 h': expected an amount below the limit"),
        ('[[rules]]\nname = "silent"\nworse = "1 min"', "worse = '60 s': expected an amount beyond"),
        ('[[rules]]\nname = "silent"\nseverity = "urgent"', "one of low, medium, high"),
        ('[[rules]]\nname = "silent"\nhold = "30 d"', "at most 7 days"),
        ('[[rules]]\nname = "silent"\nescalate = "soon"', 'or "never"'),
        ('[[rules]]\nname = "silent"\ntell = ["Lan"]', "there are none"),
        ('[[rules]]\nname = "deaf"\nunit = "Cô Tô"', "looks at the hub"),
        ('[[rules]]\nname = "silent"\nabvoe = "1 h"', "slip in its name"),
        ('[[rules]]\nname = "mine"\non = false', "a built-in rule, to be off"),
        ('[[people]]\nname = "Lan"\nemail = "lan"', "an address such as"),
        ('[[people]]\nname = "Lan"\nemail = "lan@example.vn\\nBcc: x@example.vn"', "an address such as"),
        ('[[people]]\nname = "Lan"\nemail = "lan@example.vn"\nat_most_an_hour = 0', "letters an hour"),
        ('[[people]]\nname = "a"\nemail = "a@b.vn"\n[[people]]\nname = "a"\nemail = "c@d.vn"',
         "no other of them"),
        ('[[webhooks]]\nname = "h"\nurl = "http://elsewhere.example/x"', "http only on this machine"),
        ("rules = 3", "tables, each under"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_what_is_expected(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        parsed(text, tmp_path)


def test_a_file_that_is_not_there_is_named_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"folders\.alerts"):
        read_rules(tmp_path / "alerts.toml")


def test_the_document_of_the_page_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "exchange.secret").write_text("12345678")
    (block,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[:1]
    rules = parsed(block, tmp_path)
    assert rules.people and rules.hooks and len(rules.rules) > len(BUILT_IN) - 1


def test_the_page_names_every_built_in_rule_and_everything_that_may_be_looked_at() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert not [name for name in (*BUILT_IN, *QUANTITIES) if f"`{name}`" not in page]
