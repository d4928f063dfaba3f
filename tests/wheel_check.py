"""Builds the wheel, installs it into an empty venv far from the checkout, and uses it."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import httpx2 as httpx

from support import BOOKING, servers

PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def main() -> None:
    """Raise where any step fails."""
    checkout = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(prefix="calendula-wheel-") as name:
        folder = Path(name)
        build = [sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation"]
        subprocess.run([*build, "--wheel-dir", folder, checkout], check=True)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "venv", with_pip=True)
        scripts = folder / "venv" / "bin"
        install: list[str | Path] = [scripts / "python", *PIP, "install"]
        pinned = checkout / "requirements" / "serve.txt"
        subprocess.run([*install, "--require-hashes", "--requirement", pinned], check=True)
        subprocess.run([*install, "--no-deps", wheel], check=True)
        server = servers.start(folder, {}, command=[str(scripts / "calendula")])
        try:
            answer = httpx.post(f"{server.url}/book_appointment", json=BOOKING)
            assert answer.status_code == httpx.codes.CREATED, answer.text
            page = httpx.get(server.url, headers={"Accept-Language": "ar"})
            assert 'dir="rtl"' in page.text, page.text
        finally:
            server.kill()
        print(f"{wheel.name} installs into an empty venv, serves, books and speaks.")  # noqa: T201


main()
