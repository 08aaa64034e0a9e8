"""Whether the attributes of a patch file, of the root and of its places, say what they must."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.container import attribute, dataset, guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.patch_file.reader import PatchFile

_ON_THE_SLIDE: Final = ("patch_size_level0", "level0_width", "level0_height")
_MAGNIFICATIONS: Final = ("level0_magnification", "target_magnification")


def header_violations(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    """Numbers out of range, names out of place, and places described otherwise than sampled."""
    broken = [
        ContractError(patch_file.path, item, expected, found)
        for item, expected, found in [*_numbers(header), *_names(header), *_sampling(header)]
    ]
    yield from broken
    if patch_file.path.name != header.file_name:
        found = patch_file.path.name
        yield ContractError(patch_file.path, "file name", header.file_name, found, "Rename it back")
    if not broken:
        yield from _coords_attributes(patch_file, header)


def _numbers(header: schema.Header) -> Iterator[tuple[str, str, str]]:
    placed = _ON_THE_SLIDE if header.placed else ()
    for name in ("level0_mpp", "parts", *placed):
        value = getattr(header, name)
        if not 0 < value < math.inf:
            yield name, "a number greater than 0", repr(value)
    for name in () if header.placed else _ON_THE_SLIDE:
        if (value := getattr(header, name)) != 0:
            yield name, "0 without a place", repr(value)
    if not 0 <= header.part < max(header.parts, 1):
        yield "part", f"0 to {header.parts - 1}", str(header.part)


def _names(header: schema.Header) -> Iterator[tuple[str, str, str]]:
    if header.split not in schema.SPLITS:
        yield "split", f"one of {schema.SPLITS}", repr(header.split)
    if not header.slide_fingerprint:
        yield "slide_fingerprint", "a fingerprint", "none"


def _sampling(header: schema.Header) -> Iterator[tuple[str, str, str]]:
    method = header.sampling.get("method")
    if not isinstance(method, str) or not method:
        yield "sampling.method", "a name", repr(method)
    if method != schema.DENSE or not header.placed:
        return
    origin, stride = header.sampling.get("origin"), header.sampling.get("stride")
    if type(stride) is not int or stride < 1:
        yield "sampling.stride", "a whole number of level-0 px", repr(stride)
    corner = origin if isinstance(origin, list) else []
    if len(corner) != 2 or any(type(one) is not int or one < 0 for one in corner):
        yield "sampling.origin", "(x, y), level-0 px", repr(origin)


def _coords_attributes(patch_file: PatchFile, header: schema.Header) -> Iterator[ContractError]:
    """Other tools read the same squares only if these attributes agree with the header."""
    path, coords = patch_file.path, dataset(patch_file.path, patch_file.file, schema.COORDS)
    with guarded(path, "sampling", "what the places were sampled by"):
        expected = header.coords_attributes(header.slide_id)
    found: dict[str, Any] = {}
    for name, said in expected.items():
        found[name], item = attribute(path, coords, name), f"/{schema.COORDS} {name}"
        free = name == "name" or name in _MAGNIFICATIONS
        if found[name] is None:
            yield ContractError(path, item, "an attribute" if free else repr(said), "nothing")
        elif not free and not _same(found[name], said):
            yield ContractError(path, item, repr(said), repr(found[name]))
    magnifications = [found[name] for name in _MAGNIFICATIONS]
    if None not in magnifications:
        with guarded(path, f"/{schema.COORDS} {_MAGNIFICATIONS[0]}", "a number"):
            level0, target = (float(value) for value in magnifications)
            if not 0 < level0 < math.inf or level0 != target:
                item, expected = f"/{schema.COORDS} target_magnification", "that of level 0, over 0"
                yield ContractError(path, item, expected, f"{target:g} beside {level0:g}")


def _same(found: Any, said: Any) -> bool:
    """Whether an attribute holds the text, number or list of numbers `said`."""
    if isinstance(said, str):
        return isinstance(found, str) and found == said
    values, expected = np.asarray(found), np.asarray(said)
    if values.shape != expected.shape or values.dtype.kind not in "iuf":
        return False
    return bool(np.allclose(values, expected, rtol=1e-6, atol=0))
