"""The addresses of what somebody owns: lists, handover, invitations, practice, routing, statistics."""

from typing import Final

from starlette.routing import Route

from hub.console import (
    closed_calls,
    drills,
    guests,
    handover,
    invitations,
    lists,
    routing_page,
    statistics,
)

LIST_ROUTES: Final = [
    Route("/calls", lists.show_calls),
    Route("/calls/closed", closed_calls.show_closed),  # no call has that name
    Route("/calls/{call}/colleagues", invitations.list_colleagues),
    Route("/calls/{call}/helpers", invitations.list_helpers),
    Route("/calls/{call}/promise", lists.promise, methods=["POST"]),
    Route("/calls/{call}/invite", invitations.invite, methods=["POST"]),
    Route("/calls/{call}/link", invitations.make_link, methods=["POST"]),
    Route("/handover", handover.show_handover),
    Route("/handover/history", handover.show_history),
    Route("/handover/offer", handover.offer, methods=["POST"]),
    Route("/handover/accept", handover.accept, methods=["POST"]),
    Route("/handover/decline", handover.decline, methods=["POST"]),
    Route("/guest", guests.show_guest),
    Route("/guest/events", guests.stream_guest),
    Route("/guest/leave", guests.leave, methods=["POST"]),
    Route("/guest/{token}", guests.show_link, methods=["GET"]),
    Route("/guest/{token}", guests.use_link, methods=["POST"]),
    Route("/drills", drills.show_drills),
    Route("/drills/{station}/{word}", drills.practise, methods=["POST"]),
    Route("/routing", routing_page.show_routing),
    Route("/statistics", statistics.show_statistics),
    Route("/statistics.json", statistics.tell_statistics),
    Route("/statistics.csv", statistics.save_statistics),
]
