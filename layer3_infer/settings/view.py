"""Settings of `layer3-infer view`."""

from __future__ import annotations

from pydantic import Field

from common.config import Settings


class ViewSettings(Settings):
    """How slides are served to the browser of this machine.

    Attributes
    ----------
    tile_size : int, px
        Edge of a tile.
    jpeg_quality : int, 1 to 100
    cache_mb : int, MB
        Of tiles made lately that are kept in memory.
    open_slides : int
        Slides kept open at a time.
    """

    tile_size: int = Field(default=256, ge=64, le=2048)
    jpeg_quality: int = Field(default=85, ge=1, le=100)
    cache_mb: int = Field(default=256, ge=1, le=65_536)
    open_slides: int = Field(default=8, ge=1, le=1000)
