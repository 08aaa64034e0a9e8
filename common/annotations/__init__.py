"""Where a slide has tumour: ASAP or ImageScope XML, QuPath GeoJSON, or a mask TIFF."""

from __future__ import annotations

from common.annotations.reader import read_annotations
from common.annotations.regions import Annotations

__all__ = ["Annotations", "read_annotations"]
