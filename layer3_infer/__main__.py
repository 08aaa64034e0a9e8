"""`python -m layer3_infer`."""

from __future__ import annotations

from layer3_infer.cli import main

if __name__ == "__main__":
    main()
