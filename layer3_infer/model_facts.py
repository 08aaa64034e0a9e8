"""What may be told of a model beside its results, in ``model.json``.

Neither patients nor their hashes, nor the configuration of the training, which may name patients.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from common.model_bundle import Bundle


def model_facts(bundle: Bundle) -> dict[str, Any]:
    """Architecture, patches, results and software of a model, with numbers of slides seen."""
    manifest = bundle.manifest
    return {
        "model_sha256": bundle.model_sha256,
        "architecture": manifest.architecture,
        "classes": list(manifest.classes),
        "patch_size": manifest.patch_size,
        "patch_mpp": manifest.patch_mpp,
        "preprocessing": manifest.preprocessing.model_dump(mode="json"),
        "slides_seen": {split: len(found) for split, found in manifest.slides.items()},
        "metrics": manifest.metrics,
        "threshold": manifest.threshold,
        "software": manifest.software,
    }


def as_json(facts: dict[str, Any]) -> str:
    """The facts as text that is the same every time."""
    return json.dumps(facts, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
