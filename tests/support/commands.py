import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the `calendula` command in a folder, with these settings and no others."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CALENDULA_")}
    environment |= {f"CALENDULA_{name}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "calendula", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
