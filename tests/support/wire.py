"""A connection without a network: what comes in one packet, and what in another, is the test's."""

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from calendula.classic.front import FRONT, Front, Given
from calendula.http.connections import CONNECTIONS, Connections
from calendula.http.headers import WRITTEN
from calendula.settings import Settings
from support import small_server

PEER = "127.0.0.1"


class Wire(asyncio.Transport):
    """What a client sends and is sent, packet by packet."""

    def __init__(self, given: Given, *, app: Any = small_server.answer, proxies: str = "") -> None:
        super().__init__()
        config = Config(app, log_config=None, access_log=False, forwarded_allow_ips=proxies)
        config.load()
        state = {FRONT: given, CONNECTIONS: Connections(Settings()), WRITTEN: b""}
        self.said = b""
        self.is_closed = False
        self.parsed = 0
        self.protocol = _Parsing(self, config, ServerState(), state)
        self.protocol.connection_made(self)

    def send(self, packet: bytes) -> bytes:
        """Return what is said to a packet at once."""
        self.said = b""
        self.protocol.data_received(packet)
        return self.said

    async def hear(self, answers: int = 1) -> bytes:
        """Return what is said, when the app has said so much."""
        for _ in range(100):
            if self.said.count(b"HTTP/1.1 ") >= answers:
                break
            await asyncio.sleep(0)
        return self.said

    def write(self, data: Any) -> None:
        """Note what is said."""
        self.said += data

    def is_closing(self) -> bool:
        """Tell whether the service has ended the connection."""
        return self.is_closed

    def close(self) -> None:
        """Note that it has."""
        self.is_closed = True

    def write_eof(self) -> None:
        """Go on: nobody minds here."""

    def abort(self) -> None:
        """Go on, so that what is said after that is seen."""

    def pause_reading(self) -> None:
        """Go on: what these tests send is short."""

    def resume_reading(self) -> None:
        """Go on."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell who is connected."""
        return {"peername": (PEER, 1), "sockname": (PEER, 80)}.get(name, default)


class _Parsing(Front):
    """The front, which counts what it has parsed."""

    def __init__(self, wire: Wire, *args: Any) -> None:
        super().__init__(*args)
        self._wire = wire

    def on_headers_complete(self) -> None:
        self._wire.parsed += 1
        super().on_headers_complete()
