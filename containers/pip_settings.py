"""Write down where the caller's pip takes packages from, for the build of an image.

    python -m pip config list | python containers/pip_settings.py FOLDER

FOLDER gets ``pip.conf``, ``certificates.pem`` (empty where pip has none of its own) and
``folders``: the local folders that pip.conf names, one a line.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

PLAIN = {"cert", "no-index", "pre", "prefer-binary", "proxy", "trusted-host"}
PLACES = {"extra-index-url", "find-links", "index-url", "no-binary", "only-binary"}
PATIENCE = {"default-timeout", "retries", "timeout"}
KEPT = PLAIN | PLACES | PATIENCE
INDEXES = "index-url", "extra-index-url"
CERTIFICATES = "/run/secrets/certificates.pem"


def settings_of(listing: str) -> dict[str, str]:
    """What pip's own listing says; the environment wins over the command, that over the rest."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in found and key in KEPT:
            found[section][key] = " ".join(str(ast.literal_eval(value)).split())
    return found["global"] | found["install"] | found[":env:"]


def folders_of(settings: dict[str, str]) -> list[str]:
    """The folders of this machine that these settings name.

    An index keeps its files beside its pages, so that the folder around it is needed.
    """
    found = {_folder(word).parent for key in INDEXES for word in settings.get(key, "").split()}
    found |= {_folder(word) for word in settings.get("find-links", "").split()}
    return sorted(
        str(folder)
        for folder in found
        if folder.is_dir() and folder.is_absolute() and folder != Path("/")
    )


def _folder(word: str) -> Path:
    """The folder that a setting names; of an address elsewhere, one that does not exist."""
    parts = urlsplit(word)
    return Path(unquote(parts.path) if parts.scheme == "file" else word)


def main() -> None:
    """Read pip's listing, write the three files."""
    folder = Path(sys.argv[1])
    settings = settings_of(sys.stdin.read())
    certificates = Path(settings.pop("cert", ""))
    given = certificates.is_file()
    (folder / "certificates.pem").write_bytes(certificates.read_bytes() if given else b"")
    if given:
        settings["cert"] = CERTIFICATES
    lines = [f"{key} = {value}" for key, value in settings.items()]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    names = [f"{name}\n" for name in folders_of(settings)]
    (folder / "folders").write_text("".join(names), encoding="utf-8")


if __name__ == "__main__":
    main()
