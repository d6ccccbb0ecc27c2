"""Environments for peers whose dependencies do not go with ours."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

__all__ = ["PeerUnavailable", "run_peer"]

SCRIPTS = Path(__file__).parent / "peers"
READY = "ready.txt"  # what was installed; written last


class PeerUnavailable(Exception):
    """A peer's environment could not be made, or its script failed; the message says why."""


def run_peer(script: str, requirements: tuple[str, ...], **arguments: Any) -> dict[str, Any]:
    """Run a script of `peers` in an environment with these requirements.

    The environment is made once, by venv and pip, in the user's cache folder
    `bt_fusion-benchmarks`. The script gets its arguments as JSON and prints its result as JSON.

    Raises
    ------
    PeerUnavailable
    """
    python = _environment(script, requirements)
    command = [python, str(SCRIPTS / f"{script}.py"), json.dumps(arguments)]
    return json.loads(_run(command).splitlines()[-1])


def _environment(name: str, requirements: tuple[str, ...]) -> str:
    folder = user_cache_path("bt_fusion-benchmarks") / name
    python = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    wanted, ready = " ".join(requirements), folder / READY
    if not ready.is_file() or ready.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"making an environment for {wanted} in {folder} ...", file=sys.stderr)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([python, "-m", "pip", "install", "--quiet", *requirements])
        ready.write_text(wanted)
    return python


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PeerUnavailable(str(error)) from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise PeerUnavailable(f"{Path(command[0]).name} {command[1]} failed: {' '.join(last)}")
    return done.stdout
