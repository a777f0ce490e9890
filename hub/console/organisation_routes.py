"""The addresses of the organisation: units, stations' cards, boxes, files."""

from typing import Final

from starlette.routing import Route

from hub.console import (
    boxes_page,
    enrolment_page,
    import_page,
    organisation_search,
    station_card_page,
    unit_forms,
    units_page,
)
from hub.fleet.csv_table import FILE_MAX_BYTES

FORM_ROOM_BYTES: Final = 65_536  # of a form around its file

ORGANISATION_ROUTES: Final = [
    Route("/units", units_page.show_units),
    Route("/units/{no}", units_page.show_unit),
    Route("/units/{no}/{deed}", unit_forms.change_unit, methods=["POST"]),
    Route("/stations/{station}/card", station_card_page.show_card, methods=["GET"]),
    Route("/stations/{station}/card", station_card_page.save_card, methods=["POST"]),
    Route("/stations/{station}/boxes", station_card_page.swap_box, methods=["POST"]),
    Route("/stations/{station}/enrolment", enrolment_page.show_enrolment, methods=["GET"]),
    Route("/stations/{station}/enrolment/claim", enrolment_page.make_claim, methods=["POST"]),
    Route("/stations/{station}/enrolment/withdraw", enrolment_page.withdraw_claims, methods=["POST"]),
    Route("/stations/{station}/enrolment/file", enrolment_page.save_file, methods=["POST"]),
    Route("/stations/{station}/enrolment/number", enrolment_page.let_in, methods=["POST"]),
    Route("/stations/{station}/enrolment/revoke", enrolment_page.revoke, methods=["POST"]),
    Route("/boxes", boxes_page.show_boxes, methods=["GET"]),
    Route("/boxes", boxes_page.add_box, methods=["POST"]),
    Route("/boxes/{box}", boxes_page.show_box, methods=["GET"]),
    Route("/boxes/{box}", boxes_page.save_box, methods=["POST"]),
    Route("/organisation/search", organisation_search.search),
    Route("/organisation/{what}.csv", organisation_search.export),
    Route("/organisation/import", import_page.show_import, methods=["GET"]),
    Route(
        "/organisation/import",
        import_page.take_file,
        methods=["POST"],
        max_body_size=FILE_MAX_BYTES + FORM_ROOM_BYTES,
    ),
    Route("/organisation/import/{digest}", import_page.show_preview, methods=["GET"]),
    Route("/organisation/import/{digest}", import_page.confirm, methods=["POST"]),
]
