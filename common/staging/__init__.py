"""Files on slow shared storage, worked on as copies on a fast local disk: a scratch folder.

Storage that many nodes share is read once, from start to end and in large blocks, and written once.
Results do not depend on it: what is recorded is said of the sources, never of their copies.
"""

from __future__ import annotations

from common.staging.ahead import copied_ahead
from common.staging.desk import Desk, brought
from common.staging.fallback import from_scratch, settled
from common.staging.files import FileSet, slide_files
from common.staging.forecast import Forecast, forecast, forecast_slides
from common.staging.hold import Hold
from common.staging.proof import CopyError
from common.staging.scratch import Scratch
from common.staging.slides import Staged, staged

__all__ = [
    "CopyError",
    "Desk",
    "FileSet",
    "Forecast",
    "Hold",
    "Scratch",
    "Staged",
    "brought",
    "copied_ahead",
    "forecast",
    "forecast_slides",
    "from_scratch",
    "settled",
    "slide_files",
    "staged",
]
