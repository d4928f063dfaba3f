"""Builds the wheel, installs it into an empty venv far from the checkout, and books with it."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import httpx2 as httpx

from support import servers

BOOKING = {
    "patient_id": "P-1001",
    "patient_name": "Asha Verma",
    "doctor_name": "Dr. Rajesh Kumar",
    "time_slot": "10:00 AM - 10:30 AM",
    "date": "2025-02-07",
}
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
        subprocess.run([scripts / "python", *PIP, "install", wheel], check=True, cwd=folder)
        server = servers.start(folder, {}, command=[str(scripts / "calendula")])
        try:
            answer = httpx.post(f"{server.url}/book_appointment", json=BOOKING)
            assert answer.status_code == httpx.codes.CREATED, answer.text
        finally:
            server.kill()
        print(f"{wheel.name} installs into an empty venv, serves and books.")  # noqa: T201


main()
