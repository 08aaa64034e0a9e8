"""Pages from templates that escape everything they are given: a slide's name is never HTML."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from layer3_infer.blending import colours
from layer3_infer.viewer.pictures import EmbeddedPicture, embed
from layer3_infer.wording import UNKNOWN, probability

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE: Final = Path(__file__).resolve().parents[1]


@cache
def environment() -> Environment:
    """The templates of `viewer` and `report`, under those names."""
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = number
    made.filters["probability"] = probability
    made.globals["colour_bar"] = colour_bar()
    return made


@cache
def asset(*names: str) -> str:
    """Scripts or styles of ours as one text, such as ``viewer/viewer.js``."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


def standalone(template: str, scripts: Sequence[str], styles: Sequence[str], **values: Any) -> str:
    """A page that needs no other file and may run nothing but the scripts named.

    Parameters
    ----------
    template : str
        Such as ``report/slide.html``.
    scripts, styles : sequence of str
        See `asset`.
    **values
        For the template.
    """
    script, style = asset(*scripts), asset(*styles)
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_hash(script)}'; "
        f"style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    )
    # texts of ours, not a user's: as they are, so that their hashes are those of the policy
    ours = {"script": Markup(script), "style": Markup(style)}  # noqa: S704
    return environment().get_template(template).render(policy=policy, **ours, **values)


def number(value: float | None, digits: int = 3) -> str:
    """A number for a person; a dash where there is none."""
    return UNKNOWN if value is None else f"{value:.{digits}f}"


@cache
def colour_bar() -> EmbeddedPicture:
    """The colours of 0 to 1 as they look over white."""
    rgba = colours(np.linspace(0, 1, 256))
    shown = rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:]
    return embed(np.rint(255 * shown).astype(np.uint8)[None].repeat(14, axis=0), ".png")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
