"""Settings: one YAML file per command, checked whole before any work starts.

Defaults live in the settings classes and nowhere else. A file is data: unknown keys and keys given
twice are refused, and no key names Python code.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Hashable
from difflib import get_close_matches
from reprlib import Repr
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails


_MOST_BITS: Final = 64
_MOST_SHOWN: Final = 200


class Settings(BaseModel):
    """Base of every settings class: frozen, validated on construction, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_number_is_true(cls, values: Any) -> Any:
        """Refuse true and false where a number is expected: YAML's ``yes`` is no size."""
        given = values if isinstance(values, dict) else {}
        wrong = [
            name
            for name, info in cls.model_fields.items()
            if info.annotation in (int, float) and isinstance(given.get(name), bool)
        ]
        if wrong:
            raise ValueError(f"{wrong[0]}: expected a number")
        return values


S = TypeVar("S", bound=Settings)


def default_tag(key: str, tag: str) -> BeforeValidator:
    """Lets a choice between settings be left out where it is the usual one.

    For an annotated union with ``discriminator=key``: values without `key` are those of `tag`.
    """

    def fill(value: Any) -> Any:
        return {key: tag, **value} if isinstance(value, dict) else value

    return BeforeValidator(fill)


def load(kind: type[S], path: Path | None = None, overrides: Sequence[str] = ()) -> S:
    """Settings from a YAML file, with overrides from the command line.

    Parameters
    ----------
    kind : type of Settings
        What the file describes.
    path : Path or None
        The YAML file; None takes the defaults.
    overrides : sequence of str
        ``key=value`` with a dotted key, as given to ``--set``; the value is read as YAML.

    Raises
    ------
    ConfigError
        Listing every mistake in the file and the overrides, each with its key.
    """
    values = {} if path is None else _read_yaml(path)
    for override in overrides:
        _set(values, override)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        where = "configuration" if path is None else str(path)
        lines = [f"{where}: {_describe(kind, detail)}" for detail in error.errors()]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from error


def with_values(settings: S, values: Mapping[str, Any]) -> S:
    """The settings with some top-level keys replaced, validated like a file.

    Raises
    ------
    ConfigError
        If a value does not fit.
    """
    kind = type(settings)
    try:
        return kind.model_validate({**settings.model_dump(), **values})
    except ValidationError as error:
        lines = [_describe(kind, detail) for detail in error.errors()]
        raise ConfigError("\n".join(lines)) from error


def dump(settings: Settings) -> str:
    """The settings with every default filled in, as YAML that `load` reads back."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def digest(settings: Settings | Mapping[str, Any]) -> str:
    """Hexadecimal SHA-256 of the resolved settings, free of key order and layout.

    Of settings, or of what was read from their `dump`: the number is the same.
    """
    values = settings.model_dump(mode="json") if isinstance(settings, Settings) else settings
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """One line per dotted key whose value differs.

    Examples
    --------
    >>> differences({"patch": {"size": 224}}, {"patch": {"size": 96}})
    ['patch.size: 224 there, 96 here']
    """
    lines: list[str] = []
    for key in sorted({*old, *new}, key=str):
        there, here = old.get(key), new.get(key)
        if isinstance(there, dict) and isinstance(here, dict):
            lines += differences(there, here, f"{prefix}{key}.")
        elif there != here:
            lines.append(f"{prefix}{key}: {there!r} there, {here!r} here")
    return lines


class _UniqueKeys(yaml.SafeLoader):
    """YAML without silently overwritten keys, and without numbers that no file can keep."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [self.construct_object(key) for key, _ in node.value]
        numbers = Counter(key for key in keys if isinstance(key, Hashable))
        twice = sorted(str(key) for key, number in numbers.items() if number > 1)
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"key given twice: {', '.join(twice)}", node.start_mark
            )
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        value = super().construct_yaml_int(node)
        if value.bit_length() > _MOST_BITS:
            raise yaml.constructor.ConstructorError(
                None, None, f"a number of more than {_MOST_BITS} bits", node.start_mark
            )
        return value


_UniqueKeys.add_constructor("tag:yaml.org,2002:int", _UniqueKeys.construct_yaml_int)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506
    except OSError as error:
        raise ConfigError(f"{path}: expected a file that can be read, {error.strerror}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: expected YAML, found a mistake: {reason}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        found = type(values).__name__
        raise ConfigError(f"{path}: expected keys with values, found a {found}")
    return values


def _set(values: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    if not equals or not all(dotted.split(".")):
        raise ConfigError(
            f"--set: expected key=value such as patch.size=96, found {_shown(override)}"
        )
    *parents, last = dotted.split(".")
    for parent in parents:
        child = values.get(parent)
        if not isinstance(child, dict):
            values[parent] = child = {}
        values = child
    try:
        values[last] = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"--set {dotted}: expected a YAML value, found {_shown(text)}") from error


def _describe(kind: type[Settings], detail: ErrorDetails) -> str:
    keys = [str(part) for part in detail["loc"]]
    where = ".".join(keys) or "(whole file)"
    if detail["type"] == "extra_forbidden":
        known = sorted(_known_keys(kind, keys[:-1]))
        close = get_close_matches(keys[-1], known, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        return f"{where}: no such key. {hint}Known here: {', '.join(known)}"
    if detail["type"] == "missing":
        return f"{where}: expected a value, found nothing"
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return f"{where}: {message[:1].lower()}{message[1:]}, found {_shown(detail['input'])}"


def _shown(value: object) -> str:
    """What was given, short: a few lines of YAML can stand for more than fits in memory."""
    short = Repr()
    short.maxstring = short.maxother = _MOST_SHOWN
    text = short.repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _known_keys(kind: type[Settings], keys: Sequence[str]) -> set[str]:
    """Names of the fields below `keys`; a union offers the keys of all its members."""
    kinds = [kind]
    for key in keys:
        inside = [k.model_fields[key].annotation for k in kinds if key in k.model_fields]
        if inside:  # a part that is no field is the tag of a union
            kinds = [found for annotation in inside for found in _settings_in(annotation)]
        else:
            kinds = [k for k in kinds if _tag(k) == key] or kinds
    return {name for k in kinds for name in k.model_fields}


def _settings_in(annotation: Any) -> Iterator[type[Settings]]:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for argument in get_args(annotation):
        yield from _settings_in(argument)


def _tag(kind: type[Settings]) -> str | None:
    for name in ("name", "method", "by"):
        if name in kind.model_fields:
            options = get_args(kind.model_fields[name].annotation)
            return str(options[0]) if len(options) == 1 else None
    return None
