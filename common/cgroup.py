"""What a container or a scheduler allows this process, in Linux's control groups, v1 and v2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_LIMIT: Final = 1 << 60  # v1 says so by a number near the largest


@dataclass(frozen=True)
class Limits:
    """The tightest limits of the groups this process is in.

    Attributes
    ----------
    cpus : float or None
        Processor time per wall time; None where there is no limit.
    memory : int or None, bytes
    """

    cpus: float | None = None
    memory: int | None = None


def limits(root: Path = Path("/")) -> Limits:
    """The limits of this process.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are.
    """
    quotas, sizes = [], []
    for folder in _groups(root):
        quotas += [_quota(folder)]
        sizes += [_bytes(folder / name) for name in ("memory.max", "memory.limit_in_bytes")]
    cpus = [quota for quota in quotas if quota is not None]
    memory = [count for count in sizes if count is not None]
    return Limits(min(cpus, default=None), min(memory, default=None))


def _groups(root: Path) -> Iterator[Path]:
    """Folders of the groups this process is in, and of those around them.

    A container may be told its group's path on the host, which it does not see: there the top
    stands for its own.
    """
    mounted = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0":
            tops = [mounted, mounted / "unified"]
        else:
            tops = [mounted / name for name in {controllers, *controllers.split(",")}]
        inner = Path(path.lstrip("/"))
        for top in tops:
            yield from (top / above for above in (inner, *inner.parents))


def _quota(folder: Path) -> float | None:
    parts = _text(folder / "cpu.max").split()
    if not parts:
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        parts = [_text(folder / name).strip() for name in names]
    if len(parts) == 2 and all(part.isdecimal() for part in parts) and int(parts[1]):
        return int(parts[0]) / int(parts[1])
    return None


def _bytes(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() and int(text) < _NO_LIMIT else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
