"""Whether the library below Keras loads, which devices it sees, and whether it can count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.doctor.child import told_by, words_of
from common.doctor.finding import failed, ok, warning
from common.doctor.graphics import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.doctor.child import Told
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_NAME: Final = "network"
_PROGRAM: Final = words_of("common.doctor.backend")
_PATIENCE_S: Final = 180.0
_FAR: Final = 1e-3


def ask(functions: Sequence[str] = ()) -> Told:
    """Load the backend in a process of its own, and have it answer.

    Parameters
    ----------
    functions : sequence of str
        More to call there, as ``module:function``; each gives a dict.
    """
    return told_by([*_PROGRAM, *functions], _PATIENCE_S)


def look(host: Host, told: Told, extra: str) -> list[Finding]:
    """What `told` says of Keras, its backend, the answer of a tiny network, and devices."""
    loaded, answered = told.steps.get("loaded"), told.steps.get("answer")
    if loaded is None:
        return [
            failed(
                _NAME, f"Keras does not load: {told.end or 'it says nothing'}", _mend(told, extra)
            )
        ]
    said = f"Keras {loaded['keras']} with {loaded['backend']}"
    if answered is None:
        return [failed(_NAME, f"{said} gives no answer: {told.end}", _mend(told, extra))]
    answer, expected = answered["answer"], answered["expected"]
    if not abs(answer - expected) < _FAR:
        wrong = f"{said} answers {answer:.6g} where {expected:.6g} is right"
        return [failed(_NAME, wrong, "try KERAS_BACKEND=jax or torch, and report it")]
    return [
        ok(_NAME, f"{said} loads and answers rightly"),
        *_devices(host, told, loaded["backend"]),
    ]


def _mend(told: Told, extra: str) -> str:
    if "SIGILL" in told.end:
        return (
            "it was built for newer processors (AVX): use another machine, or KERAS_BACKEND=torch"
        )
    if "SIGKILL" in told.end:
        return "it was ended, probably for lack of memory: give the job or the container more"
    if told.timed_out:
        return "a driver or a disk may hang: try again with CUDA_VISIBLE_DEVICES= (empty)"
    return f"pip install 'camnet[{extra}]', or see KERAS_BACKEND"


def _devices(host: Host, told: Told, backend: str) -> list[Finding]:
    seen = told.steps.get("devices", {}).get("devices", [])
    used = [name for name in seen if "cpu" not in name.lower()]
    there = visible(host)
    if there and not used:
        said = f"{len(there)} visible, {backend} uses none"
        advice = (
            "install a backend for GPUs (pip install 'tensorflow[and-cuda]'), or the -gpu image"
        )
        return [warning("devices", said, advice)]
    return [ok("devices", f"{backend} uses {', '.join(used or seen) or 'those it chooses'}")]
