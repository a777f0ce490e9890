"""The addresses of alerts, maintenance and metrics."""

from typing import Final

from starlette.routing import Route

from hub.console import alerts, maintenance, metrics

ALERT_ROUTES: Final = [
    Route("/alerts", alerts.show_alerts),
    Route("/alerts/closed", alerts.show_closed),  # no alert has that number
    Route("/alerts/{alert}", alerts.show_alert),
    Route("/alerts/{alert}/ack", alerts.acknowledge, methods=["POST"]),
    Route("/alerts/{alert}/release", alerts.release, methods=["POST"]),
    Route("/maintenance", maintenance.show_maintenance, methods=["GET"]),
    Route("/maintenance", maintenance.add_window, methods=["POST"]),
    Route("/maintenance/{window}/end", maintenance.end_window, methods=["POST"]),
    Route("/metrics", metrics.show_metrics),
]
