"""The load of wrk, where it is installed: a client in C, which leaves the machine to the sides."""

import json
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PROGRAM = shutil.which("wrk")
_SCRIPT = Path(__file__).with_name("wrk.lua")


class Report(NamedTuple):
    """What came of a load: how many answers, how many in a second, and how busy the client was."""

    answers: int
    rate: float
    busy: float


def run(port: int, requests: Iterable[bytes], *, clients: int, seconds: int) -> Report:
    """Send requests for a while, of each client one at a time; behind the last, the first again.

    Raises RuntimeError where an answer is an error, or none comes.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.writelines(b"%d\n%b" % (len(request), request) for request in requests)
        file.flush()
        times = ["--threads=1", f"--connections={clients}", f"--duration={seconds}s"]
        what = [f"--script={_SCRIPT}", f"http://127.0.0.1:{port}/", file.name]
        before = _worked()
        shown = subprocess.run([str(PROGRAM), *times, *what], check=True, stdout=subprocess.PIPE)
        worked = _worked() - before
    said = json.loads(shown.stdout.splitlines()[-1])
    if said["failed"]:
        raise RuntimeError(f"wrk was told of {said['failed']} errors")
    return Report(said["answers"], said["answers"] / said["seconds"], worked / said["seconds"])


def _worked() -> float:
    """Return the seconds of processor time that programs have taken which this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
