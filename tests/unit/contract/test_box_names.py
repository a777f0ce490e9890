import pytest

from contract.errors import RefusedError
from contract.ids import BY_NAME, BoxName, BoxNo, StationId

CON_DAO = StationId("con-dao-01")


@pytest.mark.parametrize(
    ("box", "text"), [(0, "con-dao-01"), (1, "con-dao-01.1"), (999_999, "con-dao-01.999999")]
)
def test_a_box_name_reads_back(box: int, text: str) -> None:
    name = BoxName(CON_DAO, BoxNo(box))
    assert str(name) == f"{name}" == text
    assert BoxName.parse(text) == name


def test_a_box_without_a_number_is_the_stations_own() -> None:
    assert BoxName(CON_DAO) == (CON_DAO, BY_NAME)


@pytest.mark.parametrize(
    "text", ["", "hub", "hub.1", "con-dao-01.", "con-dao-01.0", "con-dao-01.x", "a.1\n", "a.\uff11"]
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        BoxName.parse(text)
