"""The OpenAPI document, made from the table of endpoints (core). Source: OpenAPI Specification 3.1.0."""

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from hub.api.endpoint import Endpoint
from hub.api.endpoints import ENDPOINTS, PREFIX
from hub.api.models import Refused

API_VERSION: Final = "1.0"
_REFUSALS: Final = {
    "400": "the request makes no sense",
    "401": "no token, or one that is not good",
    "403": "the token does not have the scope",
    "404": "there is no such thing",
    "412": "it was changed meanwhile",
    "429": "too often; Retry-After says when",
    "503": "not now: the store failed",
}
_WITH_ITEM: Final = ("404",)
_WITH_REVISION: Final = ("412",)


def document() -> dict[str, Any]:
    """Return the document as JSON would have it."""
    bodies = {one.answers for one in ENDPOINTS} | {one.takes for one in ENDPOINTS if one.takes} | {Refused}
    modes = [(model, "validation") for model in sorted(bodies, key=lambda model: model.__name__)]
    _, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(f"{PREFIX}{one.path}", {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Haidang hub",
            "version": API_VERSION,
            "description": "Remote consultation only: not a patient monitor and not an alarm system."
            " Times are UTC in ms; unknown is null.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "hub token make, or /tokens",
                }
            },
        },
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    statuses = [status for status in _REFUSALS if _may_be(one, status)]
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "security": [{"token": []}],
        "x-scope": one.scope.value,
        "parameters": [
            {
                "name": parameter.name,
                "in": "path" if parameter.is_in_path else "query",
                "required": parameter.is_in_path,
                "description": parameter.about,
                "schema": dict(parameter.schema),
            }
            for parameter in one.parameters
        ],
        "responses": {
            "200": {"description": "it is so", "content": _json(one.answers.__name__)},
            **{
                status: {"description": _REFUSALS[status], "content": _json(Refused.__name__)}
                for status in statuses
            },
        },
    }
    if one.needs_revision:
        operation["parameters"].append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "the card_revision that was read, 0 for a new card",
                "schema": {"type": "integer", "minimum": 0},
            }
        )
    if one.takes is not None:
        operation["requestBody"] = {"required": True, "content": _json(one.takes.__name__)}
    return operation


def _may_be(one: Endpoint, status: str) -> bool:
    has_item = any(parameter.is_in_path for parameter in one.parameters)
    return (status not in _WITH_ITEM or has_item) and (status not in _WITH_REVISION or one.needs_revision)


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
