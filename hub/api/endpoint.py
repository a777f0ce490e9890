"""One address of the API (core): who may ask it, what it takes and answers; `endpoints.py` has them all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.api.models import Model
from hub.people.tokens import Scope

Method = Literal["GET", "PUT"]


class ApiRefusedError(Exception):
    """The request is refused: an HTTP status, a code of models.Fault, and what to do, in English."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A part of the address (`is_in_path`) or of the query. `schema`: JSON schema of its text."""

    name: str
    about: str
    schema: Mapping[str, Any]
    is_in_path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one address. `takes`: the JSON body; `needs_revision`: an If-Match header."""

    method: Method
    path: str
    scope: Scope
    about: str
    answers: type[Model]
    parameters: tuple[Parameter, ...] = ()
    takes: type[Model] | None = None
    needs_revision: bool = False

    @property
    def name(self) -> str:
        """Its name in the document and in the table of handlers, such as "get /stations/{station}"."""
        return f"{self.method.lower()} {self.path}"
