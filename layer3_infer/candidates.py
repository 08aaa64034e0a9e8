"""Whose patches are explained: those in patch files, or those of slides that have heatmaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.cohort import read_cohort
from common.errors import ConfigError
from layer3_infer.explain.analysed_patches import analysed_slides
from layer3_infer.explain.stored_patches import sources_of, wanted_files
from layer3_infer.held_out import held_out_entries, held_out_files

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from common.model_bundle import Bundle
    from layer3_infer.explain.source import Source


def candidates(
    bundle: Bundle,
    patches: Path | None,
    analysed: tuple[Path | None, Path | None],
    slides: Collection[str] = (),
    mpp: float | None = None,
    *,
    held_out: bool = False,
) -> Sequence[Source]:
    """The patches of each slide.

    Parameters
    ----------
    bundle : Bundle
    patches : Path or None
        Folder of patch files with pixels; or else
    analysed : (Path or None, Path or None)
        a slide, a folder of slides or a cohort CSV, and the folder of their heatmaps.
    slides : collection of str
        Only these; none means all.
    mpp : float or None, um/px
        Scale of slides that do not say theirs.
    held_out : bool
        Only those the model was not trained on.

    Raises
    ------
    ConfigError
        If both or neither are given, or a slide asked for is not there.
    """
    cohort, heatmaps = analysed
    if patches is not None and not any(analysed):
        files = wanted_files(patches, slides)
        files = held_out_files(files, bundle.manifest) if held_out else files
        return sources_of(files, bundle.manifest)
    if patches is None and cohort is not None and heatmaps is not None:
        entries = read_cohort(cohort, mpp)
        entries = held_out_entries(entries, bundle.manifest) if held_out else entries
        return analysed_slides(entries, heatmaps, bundle, slides)
    given = {"--patches": patches, "--slides": cohort, "--heatmaps": heatmaps}
    found = " and ".join(name for name, value in given.items() if value is not None) or "none"
    raise ConfigError(
        f"explain: expected --patches, or --slides with --heatmaps, found {found}. Give one of both"
    )
