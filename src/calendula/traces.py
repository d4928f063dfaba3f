"""Traces for OpenTelemetry, where its variables name a collector; else nothing of it is loaded.

A span has a name of ours, a route, a status, a number or an error's type: never a path, a query, a
statement, a parameter or what an error says.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calendula import __version__
from calendula.errors import CalendulaError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

_ENDPOINTS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_CONTEXT = {b"traceparent", b"tracestate"}  # W3C Trace Context
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_FAREWELL = 2.0  # seconds that the end waits for a collector

_log = structlog.get_logger("calendula")
_provider: "TracerProvider | None" = None
_tracer: "Tracer | None" = None


def wanted() -> bool:
    """Tell whether the environment names a collector, and does not turn traces off."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return any(os.environ.get(name) for name in _ENDPOINTS) and not (off or none)


def on() -> bool:
    """Tell whether spans are sent."""
    return _tracer is not None


def start() -> None:
    """Send spans from now on, if they are wanted."""
    global _provider, _tracer  # noqa: PLW0603 - the spans are the process's, as its log is
    if not wanted() or on():
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set; traces need calendula[otel].")
        return
    ours = Resource({"service.name": "calendula", "service.version": __version__})
    _provider = TracerProvider(
        resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
    )
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = _provider.get_tracer("calendula", __version__)


@contextmanager
def sent() -> Iterator[None]:
    """Send, behind a block, what is still unsent, if that can be done in a moment."""
    global _provider, _tracer
    try:
        yield
    finally:
        provider, _provider, _tracer = _provider, None, None
        if provider is not None:
            farewell = Thread(target=provider.shutdown, daemon=True)  # which tries for long
            farewell.start()
            farewell.join(_FAREWELL)


@contextmanager
def span(name: str, **attributes: int) -> Iterator[None]:
    """Let what is done in a block be a span, under that around it."""
    if _tracer is None:
        yield
        return
    with _tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as ours:
        try:
            yield
        except CalendulaError:
            raise  # an outcome like others
        except Exception as error:
            _fail(ours, f"{type(error).__module__}.{type(error).__qualname__}")
            raise


class Traced:
    """Makes each request a span, within the caller's trace where they tell of one.

    The id of the trace is in every log line of the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http" or _tracer is None:
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, format_trace_id
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        told = {
            name.decode(): it.decode("latin-1") for name, it in scope["headers"] if name in _CONTEXT
        }
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with _tracer.start_as_current_span(
            scope["method"],
            TraceContextTextMapPropagator().extract(told),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as ours:
            trace_id = format_trace_id(ours.get_span_context().trace_id)
            with structlog.contextvars.bound_contextvars(trace_id=trace_id):
                await self.app(scope, receive, answer)
            _describe(ours, scope, status)


def _describe(ours: "Span", scope: Scope, status: int) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
    route = getattr(scope.get("route"), "path", None)
    ours.update_name(f"{method} {route}" if route else method)
    ours.set_attribute("http.request.method", method)
    if route:
        ours.set_attribute("http.route", route)
    if status:
        ours.set_attribute("http.response.status_code", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _fail(ours, str(status))


def _fail(ours: "Span", kind: str) -> None:
    from opentelemetry.trace import StatusCode

    ours.set_attribute("error.type", kind)
    ours.set_status(StatusCode.ERROR)
