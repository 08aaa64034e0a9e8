"""Several commands of the layers in one process, so that what they import is imported once.

    python command_lines.py FILE

Each line of FILE is a program and its words, as JSON. The first that fails ends it with its status.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

MODULES = {
    "layer1-extract": "layer1_extract.cli",
    "layer2-train": "layer2_train.cli",
    "layer3-infer": "layer3_infer.cli",
}


def main():
    """Run the lines of a file, one after the other."""
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        program, *words = json.loads(line)
        status = import_module(MODULES[program]).cli.main(words, standalone_mode=False)
        if status:
            sys.exit(f"{program} {' '.join(words)}: status {status}")


if __name__ == "__main__":
    main()
