from __future__ import annotations

import inspect

from common.openslide_slide import OpenSlideSlide
from common.slides import Slide


def test_the_openslide_reader_has_every_member_the_rest_of_the_project_uses():
    members = {name for name in vars(Slide) if not name.startswith("_")}

    assert members >= {"read", "thumbnail", "pyramid", "fingerprint", "spec_for"}
    for name in members:
        assert hasattr(OpenSlideSlide, name), name


def test_readers_take_the_arguments_the_protocol_names():
    for name in ("read", "thumbnail", "spec_for"):
        asked = inspect.signature(getattr(Slide, name)).parameters
        given = inspect.signature(getattr(OpenSlideSlide, name)).parameters
        assert list(asked) == list(given)
