"""The layers' images, run the way a user runs them: any user, nothing writable but what is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

LAYERS = ("layer1_extract", "layer2_train", "layer3_infer")
USERS = (1000, 4321)
TIMEOUT_S = 600
TAG = os.environ.get("CAMNET_IMAGES", "")
"""The tag of the images to test; `make test-images` says it."""

# Debian's crun and a shell's high limits are refused on machines whose cgroups are read-only.
_EVERYWHERE = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
_HARD = ("--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp", "--network=none")


def image(layer):
    return f"camnet/{layer}:{TAG}"


@cache
def missing():
    """Why the images cannot be run here, or nothing."""
    if not TAG:
        return "no images: make test-images builds them and says their tag in CAMNET_IMAGES"
    if shutil.which("podman") is None:
        return "no podman: see tests/containers/install.sh"
    if os.getuid() != 0:
        return "not root: folders cannot be given to other users"
    absent = [layer for layer in LAYERS if podman("image", "exists", image(layer)).returncode]
    return f"no images {', '.join(map(image, absent))}: make images" if absent else ""


def podman(*words, **options):
    """What podman said."""
    command = ["podman", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, **options
    )


def run_words(layer, words, mounts=(), user=USERS[0], options=()):
    """The words after `podman` that run a command of a layer.

    Parameters
    ----------
    mounts : dict
        Folder outside, by folder inside; `:ro` after it where it is for reading.
    """
    runtime = ("--runtime=runc",) if shutil.which("runc") else ()
    volumes = [f"--volume={_volume(*places)}" for places in dict(mounts).items()]
    health = () if Path("/run/systemd/private").exists() else ("--no-healthcheck",)
    where = [*_EVERYWHERE, *health, *_HARD, f"--user={user}:{user}", *volumes, *options]
    return [*runtime, "run", "--rm", *where, image(layer), *words]


def _volume(inside, outside):
    folder, _, rights = str(outside).partition(":")
    return f"{folder}:{inside}:{rights or 'rw'}"


def run(layer, *words, mounts=(), user=USERS[0], options=()):
    """A command of a layer in its image, from start to end."""
    return podman(*run_words(layer, words, mounts, user, options))


def done(layer, *words, **options):
    """The same, in success."""
    result = run(layer, *words, **options)
    said = f"{layer} {words}: {result.returncode}: {result.stdout}{result.stderr}"
    assert result.returncode == 0, said
    assert "Traceback" not in result.stderr, said
    return result


def python(layer, program, **options):
    """A line of Python in an image."""
    entry = ("--entrypoint=python3", *options.pop("options", ()))
    return run(layer, "-c", program, options=entry, **options)


def inspected(layer):
    """What an image says of itself."""
    return json.loads(podman("image", "inspect", image(layer)).stdout)[0]


def writable(folder, user):
    """A folder that belongs to a user, as does what was in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
    return folder


def owners(folder):
    """Whose the files and folders in a folder are."""
    found = [path.lstat() for path in folder.rglob("*")]
    assert found, f"{folder} is empty"
    return {(one.st_uid, one.st_gid) for one in found}
