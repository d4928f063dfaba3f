"""The limits of a connection: how large a request may be, how slow, and how many come at a time."""

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from calendula import metrics
from calendula.http import clients, refusals
from calendula.http.connections import CONNECTIONS, Connections
from calendula.http.headers import WRITTEN
from calendula.http.middleware import REFUSED
from calendula.http.refusals import MAX_FIELDS, MAX_HEAD, MAX_URL

_HEAD, _REST_OF_HEAD, _BODY = range(3)  # what of a request comes next
_FRAMING = 16  # bytes around each byte of a body, where somebody sends them one by one
_SLOWEST = 4096  # bytes of a body in a second
_LINGER = 2.0  # seconds in which a client may read why it was refused


class Limited(HttpToolsProtocol):
    """uvicorn's protocol, with limits.

    A request has the time-out to come in; a body some more, by its length. One look at a connection
    at a time when it could be over is enough for that, however many requests come meanwhile. What
    is being answered has all the time that it takes, as long as the client reads it.
    """

    def __init__(self, *args: Any, **others: Any) -> None:
        super().__init__(*args, **others)
        self._open: Connections = self.app_state[CONNECTIONS]
        self._network: str | None = None  # until it is counted
        self._next_look: TimerHandle | None = None
        self._coming = _HEAD
        self._since: float | None = None  # when the request that is waited for could have begun
        self._stuck_since: float | None = None  # when the client last read enough
        self._packet = 0  # bytes of the last one
        self._first = self._came = self._body = 0  # bytes: where it began, behind that, of the body
        self._fault = HTTPStatus.BAD_REQUEST
        self._refused = self._is_ending = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away."""
        super().connection_made(transport)
        network = self._network_of_client()
        if refusal := self._open.enter(network):
            self._refused = True
            transport.write(self._problem(refusal))
            metrics.request("unknown", None, refusal.value, 0.0)  # no line each: many come at once
            transport.close()
            return
        self._network = network
        self._wait()
        self._look_in(self._open.timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._open.waiting.pop(self, None)
        if self._next_look:
            self._next_look.cancel()
        if self._network is not None:
            self._open.leave(self._network)
            self._network = None

    def data_received(self, data: bytes) -> None:
        """Parse what comes, as long as it is not too much."""
        if self._refused:
            return
        self._packet = len(data)
        if self._coming is not _HEAD:
            self._came += self._packet
        super().data_received(data)
        if self._came - _FRAMING * self._body > MAX_HEAD and not self._refused:
            self._refuse(self._excess())

    def on_message_begin(self) -> None:
        """Begin to measure a request."""
        super().on_message_begin()
        self._coming = _REST_OF_HEAD
        self._since = self.loop.time()
        self._first = self._packet
        self._came = self._body = 0

    def on_headers_complete(self) -> None:
        """Let a request begin, unless its head is too large."""
        self.check_head()
        self._coming = _BODY
        super().on_headers_complete()

    def check_head(self) -> None:
        """Refuse a request whose head is too large."""
        if len(self.url) > MAX_URL:
            self._fault = HTTPStatus.REQUEST_URI_TOO_LONG
        elif len(self.headers) > MAX_FIELDS or self._is_head_too_large():
            self._fault = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if self._fault is not HTTPStatus.BAD_REQUEST:
            raise ValueError("too large")  # which ends the parsing

    def on_body(self, body: bytes) -> None:
        """Measure a body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have all the time to answer a request that has come whole."""
        super().on_message_complete()
        self._coming, self._came = _HEAD, 0
        self.cycle.keep_alive &= self.parser.should_keep_alive()  # as may be said behind a body
        if not self.cycle.response_complete:
            self._since = None
            self._open.waiting.pop(self, None)
        elif self.cycle.keep_alive:
            self._since = self.loop.time()
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.transport.is_closing() or self._is_answering():
            return
        if self._refused:
            self.transport.close()
        else:
            self._wait()

    def pause_writing(self) -> None:
        """Begin to measure how long a client does not read."""
        super().pause_writing()
        self._stuck_since = self.loop.time()

    def resume_writing(self) -> None:
        """Go on, since the client has read."""
        super().resume_writing()
        self._stuck_since = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, or not any further."""
        del msg
        self._refuse(self._fault)

    def give_way(self) -> None:
        """Make room for another connection."""
        self._refused = True
        self.transport.abort()

    def is_waiting(self) -> bool:
        """Tell whether what comes next begins a request, and that is the next to be answered."""
        waits = self._is_answering() or self._refused or self.transport.is_closing()
        return self._coming is _HEAD and not waits

    def _wait(self) -> None:
        if self._coming is _HEAD:
            self._since = self.loop.time()
        self._open.waiting[self] = None
        self._open.waiting.move_to_end(self)

    def _is_answering(self) -> bool:
        """Tell whether a request that came before what comes now is not answered yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def _is_head_too_large(self) -> bool:
        """Tell it of a head that has come whole, be it with the end of the request before it."""
        if self._first + self._came <= MAX_HEAD:
            return False
        return len(self.url) + sum(len(name) + len(it) for name, it in self.headers) > MAX_HEAD

    def _excess(self) -> HTTPStatus:
        """Return what is wrong with a request that has become too large before it was whole."""
        if self._coming is _BODY:
            return HTTPStatus.BAD_REQUEST  # of which nothing but the framing is so large
        if len(self.url) > MAX_URL and not self.headers:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what comes with an error, and nothing any more.

        Where another answer is due, this one is not given: it would be taken for that.
        """
        self._refused = True
        in_body = self._coming is _BODY
        if self._is_answering() and not in_body:
            return  # and behind the answer, the connection ends
        if in_body and (self.pipeline or self.cycle.response_started):
            self.transport.close()
            return
        self._tell(status)
        self.transport.write_eof()
        self._is_ending = True
        self._look_in(_LINGER)
        if in_body:  # somebody waits for it
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _tell(self, status: HTTPStatus) -> None:
        """Answer with an error. A request that the app has is counted by it."""
        self.transport.write(self._problem(status))
        if self._coming is _BODY:
            self.scope["state"][REFUSED] = status.value
        else:
            refusals.note(self._method(), status)

    def _problem(self, status: HTTPStatus) -> bytes:
        return refusals.write(status, self.server_state.default_headers, self.app_state[WRITTEN])

    def _method(self) -> str:
        """Return the method of the request that comes, as far as it has come."""
        known = self._coming is _REST_OF_HEAD and self.url
        return self.parser.get_method().decode() if known else "unknown"

    def _look_in(self, seconds: float) -> None:
        if self._next_look:
            self._next_look.cancel()
        self._next_look = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """End the connection if it is over, and else look again when it could be.

        A request that has begun since the last look has its time-out at the next, or later.
        """
        now, timeout = self.loop.time(), self._open.timeout
        stuck = self._stuck_since is not None and now >= self._stuck_since + timeout
        if self._is_ending or stuck:
            self.transport.abort()
            return
        self._is_ending = self.transport.is_closing()
        if self._since is None or self._is_ending or self._refused:
            self._look_in(timeout)
            return
        if self.flow.read_paused:  # it is not the client who is slow
            self._since = now
        over = self._since + timeout + self._body / _SLOWEST
        if now < over:
            self._look_in(over - now)
        elif self._coming is _HEAD:
            self.transport.close()
            self._look_in(timeout)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _network_of_client(self) -> str:
        """Return the name of the client's network; none for a proxy that is trusted, and a file."""
        host, app = clients.host_of(self.client), self.app
        if not host or (isinstance(app, ProxyHeadersMiddleware) and host in app.trusted_hosts):
            return ""
        return clients.name_of(host)
