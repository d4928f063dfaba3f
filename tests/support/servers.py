import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx2 as httpx
import uvicorn

START_UP = 30.0  # seconds; a start takes about one


@dataclass
class Server:
    """A service that was really started: `calendula serve` in a process group of its own."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """Kill -9 the service and every worker of it, without a warning."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask the service to end, as an operator does; return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=START_UP)


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    folder: Path,
    environment: Mapping[str, str],
    *,
    workers: int = 1,
    port: int | None = None,
    command: Sequence[str] = (sys.executable, "-m", "calendula"),
) -> Server:
    """Start the service in a folder, on 127.0.0.1, and wait until it is ready."""
    port = port or free_port()
    log = folder / "server.log"
    command = [*command, "serve", "--port", str(port), "--workers", str(workers)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean_environment(), **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait_until_ready(server)
    except BaseException:
        server.kill()
        raise
    return server


@contextmanager
def running(folder: Path, environment: Mapping[str, str], *, workers: int = 1) -> Iterator[Server]:
    """Start the service for the length of a block."""
    server = start(folder, environment, workers=workers)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def clean_environment() -> dict[str, str]:
    """Return the environment of the tests without the settings of a service."""
    return {name: it for name, it in os.environ.items() if not name.startswith("CALENDULA_")}


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_UP
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            if httpx.get(f"{server.url}/readyz", timeout=1).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start:\n{server.log.read_text()}")


@contextmanager
def in_a_thread(server: uvicorn.Server) -> Iterator[int]:
    """Let a server of this process serve for the length of a block, and give its port.

    No signal is heard in a thread.
    """
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
