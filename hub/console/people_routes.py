"""The addresses of who may use the hub: accounts, programs' tokens, and the book of what everybody did."""

from typing import Final

from starlette.routing import Route

from hub.console import audit, people, tokens

PEOPLE_ROUTES: Final = [
    Route("/people", people.show_people, methods=["GET"]),
    Route("/people", people.add_person, methods=["POST"]),
    Route("/people/{name}/role", people.change_role, methods=["POST"]),
    Route("/people/{name}/password", people.renew_password, methods=["POST"]),
    Route("/people/{name}/remove", people.remove_person, methods=["POST"]),
    Route("/tokens", tokens.show_tokens, methods=["GET"]),
    Route("/tokens", tokens.make_token, methods=["POST"]),
    Route("/tokens/{no}/end", tokens.end_token, methods=["POST"]),
    Route("/audit", audit.show_audit),
    Route("/audit.csv", audit.save_audit),
]
