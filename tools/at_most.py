"""Runs a command for at most so many seconds, then ends it and its children: `at_most.py SECONDS COMMAND …`.

GNU's `timeout` is not part of macOS. Exits with the command's code, or 124 when the time was up.
"""

import os
import signal
import subprocess
import sys
from typing import Final

_GRACE_S: Final = 10


def run(seconds: float, command: list[str]) -> int:
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"Not done within {seconds:g} s: ended.", file=sys.stderr)
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return 124


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]), sys.argv[2:]))
