"""A TCP proxy in front of PostgreSQL, which breaks connections where a test wants it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Event, Thread

_COMMIT = b"COMMIT\0"
_PATIENCE = 30.0  # seconds


class Cut(Enum):
    """Where in a COMMIT a connection is cut."""

    BEFORE = "the COMMIT does not reach the server"
    BEHIND = "the server has committed, and its answer does not come back"


class Proxy:
    """Hands on what clients and server say, until it is told otherwise."""

    def __init__(self, target: int) -> None:
        self.target = target
        """The port behind it, to which new connections go."""
        self.cut_off = Event()
        """Whether the COMMIT that was to be cut has been."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._flows = Event()
        self._flows.set()
        self._cut: Cut | None = None
        self._spared = 0
        Thread(target=self._accept, daemon=True).start()

    def cut(self, where: Cut, *, but: int = 0) -> None:
        """Cut the connection of the next COMMIT, `but` so many are spared before it.

        The first COMMIT of a connection does not count: it ends what is set up there.
        """
        self._spared, self._cut = but, where

    def freeze(self) -> None:
        """Hand on nothing, and keep every connection open: as a server does that is stopped."""
        self._flows.clear()

    def thaw(self) -> None:
        """Hand on what has piled up, and all that comes."""
        self._flows.set()

    def close(self) -> None:
        """Take no connections any more."""
        self._flows.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self.target), timeout=_PATIENCE)
            server.settimeout(None)
            with server:
                deaf = Event()
                back = Thread(target=self._hand_back, args=[server, client, deaf], daemon=True)
                back.start()
                with suppress(OSError):
                    self._hand_on(client, server, deaf)
                _end(server)
                back.join()

    def _hand_on(self, client: socket.socket, server: socket.socket, deaf: Event) -> None:
        commits = 0
        while said := client.recv(65536):
            self._flows.wait()
            commits += _COMMIT in said
            if _COMMIT in said and commits > 1 and self._cut is not None:
                self._spared -= 1
                if self._spared < 0:
                    where, self._cut = self._cut, None
                    if where is Cut.BEFORE:
                        self.cut_off.set()
                        return
                    deaf.set()
            server.sendall(said)

    def _hand_back(self, server: socket.socket, client: socket.socket, deaf: Event) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                self._flows.wait()
                if deaf.is_set():
                    self.cut_off.set()
                    break
                client.sendall(said)
        _end(client)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Yield a proxy in front of a port."""
    made = Proxy(port)
    try:
        yield made
    finally:
        made.close()
