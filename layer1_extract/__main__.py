"""`python -m layer1_extract`."""

from __future__ import annotations

from layer1_extract.cli import main

if __name__ == "__main__":
    main()
