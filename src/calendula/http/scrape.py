"""What the service counts of itself, for whoever has a key that may see it."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from calendula import metrics
from calendula.http.routing import Route

router = APIRouter(route_class=Route)  # no part of the API that the document describes


@router.get("/metrics")
def read_metrics() -> Response:
    """Answer with the numbers of all workers, in Prometheus' text."""
    return Response(generate_latest(metrics.registry()), media_type=CONTENT_TYPE_LATEST)
