"""`python -m layer2_train`."""

from __future__ import annotations

from layer2_train.cli import main

if __name__ == "__main__":
    main()
