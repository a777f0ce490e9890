"""The addresses of configuration, commands and bundles."""

from typing import Final

from starlette.routing import Route

from hub.console import configuration, station_configuration

CONFIGURATION_ROUTES: Final = [
    Route("/configuration", configuration.show_configuration),
    Route("/configuration/group", configuration.open_group),
    Route("/configuration/layers/{layer}", configuration.show_layer, methods=["GET"]),
    Route("/configuration/layers/{layer}", configuration.save_layer, methods=["POST"]),
    Route("/configuration/layers/{layer}/preview", configuration.preview_layer, methods=["POST"]),
    Route("/stations/{station}/configuration", station_configuration.show_station_configuration),
    Route("/stations/{station}/commands", station_configuration.ask_command, methods=["POST"]),
    Route("/stations/{station}/bundles/{object}.zip", station_configuration.save_bundle),
    Route("/stations/{station}/bundles/{object}", station_configuration.show_bundle),
]
