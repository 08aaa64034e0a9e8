"""Whether a patch file's labels, shares, reasons and counts agree with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.container import attribute, dataset, guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.patch_file.reader import PatchFile


def label_violations(patch_file: PatchFile) -> Iterator[ContractError]:
    """Values that stand for nothing, and counts of something else."""
    if not np.isin(patch_file.labels, list(schema.LABEL_NAMES)).all():
        found = str(np.unique(patch_file.labels).tolist())
        yield ContractError(patch_file.path, f"/{schema.LABELS}", "-1, 0 or 1", found)
    for name in (schema.TUMOR_FRACTION, schema.TISSUE_FRACTION):
        values = patch_file.column(name)
        if not (np.isnan(values) | ((values >= 0) & (values <= 1))).all():
            yield ContractError(patch_file.path, f"/{name}", "0 to 1, or NaN", "values outside")
    reasons = _reasons(patch_file)
    yield from _reason_violations(patch_file, reasons)
    yield from _count_violations(patch_file, reasons)


def _reasons(patch_file: PatchFile) -> dict[str, int]:
    """The file's own table of reasons; a newer version may know more than this software."""
    path, item = patch_file.path, f"/{schema.REJECTED_REASON} {schema.REASONS_ATTRIBUTE}"
    column = dataset(path, patch_file.file, schema.REJECTED_REASON)
    with guarded(path, item, "a JSON object from name to code"):
        table = schema.json_object(item, attribute(path, column, schema.REASONS_ATTRIBUTE))
        return {name: schema.plain(name, code, int) for name, code in table.items()}


def _reason_violations(patch_file: PatchFile, reasons: dict[str, int]) -> Iterator[ContractError]:
    item = f"/{schema.REJECTED_REASON}"
    for name, code in reasons.items():
        known = schema.REASONS.get(name)
        taken = code in schema.REASONS.values() if known is None else code != known
        if taken or not 0 <= code <= np.iinfo(np.uint8).max:
            expected = "a code of its own" if known is None else f"code {known}"
            yield ContractError(
                patch_file.path, f"{item} {schema.REASONS_ATTRIBUTE} {name}", expected, str(code)
            )
    codes = np.unique(patch_file.column(schema.REJECTED_REASON)).tolist()
    if not set(codes) <= set(reasons.values()):
        yield ContractError(patch_file.path, item, f"codes of {reasons}", str(codes))


def _count_violations(patch_file: PatchFile, reasons: dict[str, int]) -> Iterator[ContractError]:
    labels, codes = patch_file.labels, patch_file.column(schema.REJECTED_REASON)
    true = {"kept": len(labels), "rejected": len(codes)}
    true |= {name: int((labels == label).sum()) for label, name in schema.LABEL_NAMES.items()}
    true |= {name: int((codes == code).sum()) for name, code in reasons.items()}
    counts = patch_file.counts
    for name, number in true.items():
        if counts.get(name) != number:
            found = repr(counts.get(name))
            yield ContractError(patch_file.path, f"counts.{name}", str(number), found)
