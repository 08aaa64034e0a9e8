"""Another process that copies a file to scratch, slowly, and keeps it."""

from __future__ import annotations

import subprocess
import sys

SLOW = """
import sys, time
from pathlib import Path
from common.staging import FileSet, Scratch
from common.staging.copying import copied

def copy(source, target):
    sent = copied(source, target)
    print("copying", flush=True)
    time.sleep(float(sys.argv[3]))
    return sent

with Scratch(Path(sys.argv[1]), copy).hold() as hold:
    hold.fetch(FileSet.of(Path(sys.argv[2])))
    print("copied", flush=True)
    time.sleep(60)
"""


def other_process(scratch, source, seconds):
    """It says that it copies, and so many seconds later that it has; whoever calls kills it."""
    call = [sys.executable, "-c", SLOW, str(scratch.folder), str(source), str(seconds)]
    return subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
