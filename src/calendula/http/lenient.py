"""What clients send beside their requests, and mean no harm by."""

from collections.abc import Iterator
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from calendula.http.protocol import Limited


class Lenient(Limited):
    """The protocol, for clients who would rather speak another one: they are answered in this.

    Any request may ask for HTTP/2 or a WebSocket, and a server need not hear of it (RFC 9110,
    section 7.8): Java's client does so with each. The parser takes what follows such a head for the
    other protocol's, and a request's body with it: to it the request is over where its head is. So
    the head is parsed once more, by a parser that has not read that it asks; then it begins.
    """

    parser: "_Parser"

    def __init__(self, *args: Any, **others: Any) -> None:
        super().__init__(*args, **others)
        self.parser = _Parser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header without the white space around its value (RFC 9110, section 5.5)."""
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Let a request begin; of one that asks for another protocol, the head comes once more."""
        if self.parser.should_upgrade():
            self.check_head()
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request that has begun."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def plain_head(self) -> bytes:
        """Return the head of a request as if it did not ask for another protocol."""
        version = self.parser.get_http_version().encode()
        line = b" ".join([self.parser.get_method(), self.url, b"HTTP/" + version])
        return b"\r\n".join([line, *self._plain_fields(), b"", b""])

    def _plain_fields(self) -> Iterator[bytes]:
        return (b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade")


class _Parser(HttpRequestParser):
    def __init__(self, protocol: Lenient) -> None:
        super().__init__(protocol)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
        self._protocol = protocol

    def feed_data(self, data: Any) -> None:
        """Parse what comes; raise HttpParserError where that cannot be done."""
        rest = memoryview(data)
        while (end := self._protocol.parser.feed_some(rest)) is not None:
            rest = rest[end:]

    def feed_some(self, data: bytes | memoryview) -> int | None:
        """Parse up to the end of a head that asks for another protocol; return it, else None."""
        try:
            super().feed_data(data)
        except HttpParserUpgrade as upgrade:
            if self.get_method() == b"CONNECT":  # which cannot be asked without
                raise HttpParserError from upgrade
            head = self._protocol.plain_head()
            self._protocol.parser = _Parser(self._protocol)
            self._protocol.parser.feed_some(head)
            return int(upgrade.args[0])
        return None
