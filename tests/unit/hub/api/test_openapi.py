"""The OpenAPI document: made from the table, equal to the file in docs/; and every address has a handler."""

import json
from pathlib import Path

import pytest

from hub.api.api_routes import HANDLERS
from hub.api.endpoint import Endpoint
from hub.api.endpoints import ENDPOINTS
from hub.api.openapi import document
from hub.people.tokens import Scope

FILE = Path(__file__).parents[4] / "docs" / "api" / "openapi.json"


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def test_the_file_in_docs_is_the_document() -> None:
    told = "write it anew: python -m tests.unit.hub.api.test_openapi"
    assert FILE.read_text(encoding="utf-8") == text(), told


def test_every_address_has_one_handler_and_a_scope() -> None:
    names = [one.name for one in ENDPOINTS]
    assert sorted(names) == sorted(HANDLERS)
    assert len(set(names)) == len(names)
    assert {one.scope for one in ENDPOINTS} | {Scope.VITALS_READ} == set(Scope)


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    made = document()
    referred = {part.split('"')[0] for part in json.dumps(made).split('"#/components/schemas/')[1:]}
    assert referred <= set(made["components"]["schemas"])
    answers = {one.answers.__name__ for one in ENDPOINTS} | {
        one.takes.__name__ for one in ENDPOINTS if one.takes
    }
    assert set(made["components"]["schemas"]) - referred <= answers


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.name)
def test_the_parameters_of_the_path_are_those_in_the_table(one: Endpoint) -> None:
    in_path = {part.strip("{}") for part in one.path.split("/") if part.startswith("{")}
    assert in_path == {parameter.name for parameter in one.parameters if parameter.is_in_path}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
