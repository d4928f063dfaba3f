"""Runs the `calendula` command by a clock that is ahead by as many seconds as a file says.

libfaketime, which would step all clocks of the process, breaks the waiting of Python (0.9.10): what
waits by the monotonic one is woken late, or fails.
"""

import os
from datetime import timedelta
from pathlib import Path

from calendula import clock
from calendula.__main__ import main

if __name__ == "__main__":
    ahead, now, timestamp = Path(os.environ["STEPPED_CLOCK"]), clock.now, clock.timestamp
    clock.now = lambda: now() + timedelta(seconds=int(ahead.read_text()))
    clock.timestamp = lambda: timestamp() + int(ahead.read_text())
    main()
