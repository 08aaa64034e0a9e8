"""Settings: one YAML file per command, checked whole before any work starts.

Defaults live in the settings classes and nowhere else. A file is data: unknown keys and keys given
twice are refused, and no key names Python code.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails


_MOST_BITS: Final = 64
_MOST_SHOWN: Final = 200
_KINDS: Final = {
    "bool": "true or false",
    "dict": "keys with values",
    "float": "a number",
    "int": "an integer",
    "list": "a list",
    "model": "keys with values",
    "string": "text",
    "tuple": "a list",
}
_NOT_OF_KIND: Final = {"type", "attributes_type", "parsing", "parsing_size", "from_float"}
_LIMITS: Final = {
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
    "string_too_short": "at least {min_length} character",
    "too_short": "at least {min_length} item",
    "union_tag_invalid": "one of {expected_tags}",
}
_TAGS: Final = ("name", "method", "by")


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
        lines = [f"{where}: {line}" for line in _described(kind, error)]
        raise ConfigError("\n".join(lines)) from error


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
        raise ConfigError("\n".join(_described(kind, error))) from error


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
            line = f"{prefix}{key}: {there!r} there, {here!r} here"
            lines.append(re.sub("(?<=://)[^ ]*@", "...@", line))  # who asks, and a password
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
        raise ConfigError(f"{path}: {yaml_mistake(error)}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        found = type(values).__name__
        raise ConfigError(f"{path}: expected keys with values, found a {found}")
    return values


def yaml_mistake(error: Exception) -> str:
    """Where a text is no YAML, and why; the text itself is left out, as it may hold a secret."""
    where, why = "", str(error)
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: "
        why = " ".join(filter(None, [error.problem, error.context]))
    elif isinstance(error, yaml.reader.ReaderError):
        where, why = f"character {error.position + 1}: ", error.reason
    return f"{where}expected YAML, found a mistake: {' '.join(why.split())}"


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


@dataclass(frozen=True)
class _Mistake:
    """What one form of a value lacks.

    Attributes
    ----------
    key : str
        As the file spells it.
    kinds : tuple of type
        The settings that may stand there; of a key that nobody knows, those it was given to.
    type : str
        As pydantic calls it.
    said : str
        What was expected, without the word; of our own checks, their message.
    value : object
        What was found.
    """

    key: str
    kinds: tuple[type[Settings], ...]
    type: str
    said: str
    value: Any

    @property
    def is_other_kind(self) -> bool:
        """Whether this form is not what was meant, as a number is no list."""
        return self.type == "literal_error" or _kind_named(self.type) is not None


def _described(kind: type[Settings], error: ValidationError) -> list[str]:
    """A line for each key with a mistake, however many forms its value may have."""
    by_key: dict[str, list[_Mistake]] = {}
    for detail in error.errors():
        mistake = _mistake(kind, detail)
        by_key.setdefault(mistake.key, []).append(mistake)
    return [
        f"{_without_address(key) or '(whole file)'}: {_worded(found)}"
        for key, found in by_key.items()
        if not any(key and other.startswith((f"{key}.", f"{key}[")) for other in by_key)
    ]


def _mistake(kind: type[Settings], detail: ErrorDetails) -> _Mistake:
    name, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    key, kinds = _place(kind, detail["loc"], last_is_key=name == "extra_forbidden")
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if name.startswith("union_tag"):
        key, value = _inside(key, value, context["discriminator"].strip("'"))
    elif name == "value_error" and isinstance(value, dict):
        first, colon, rest = said.partition(": ")
        names = first.split(".")
        if colon and any(names[0] in one.model_fields for one in kinds):
            said = rest
            for name_inside in names:
                key, value = _inside(key, value, name_inside)
    if name in _LIMITS:
        said = _LIMITS[name].format_map({key: _whole(limit) for key, limit in context.items()})
    return _Mistake(key, kinds, name, _kind_named(name) or said, value)


def _worded(found: Sequence[_Mistake]) -> str:
    """What is wrong with one value: how it misses the form that was meant, or each that it has."""
    one = found[0]
    if one.type == "extra_forbidden":
        known = sorted({name for kind in one.kinds for name in kind.model_fields})
        return (
            f"no such key.{_hint(one.key.rpartition('.')[2], known)} Known here: {', '.join(known)}"
        )
    if one.type in {"missing", "union_tag_not_found"}:
        return "expected a value, found nothing"
    meant = [each for each in found if not each.is_other_kind] or found
    own = next((each for each in meant if each.type == "value_error"), None)
    if own is not None:
        head, stop, tail = own.said.partition(". ")
        told = ", found " in head or ", got " in head or not own.key
        return f"{head}{'' if told else f', found {_shown(own.value)}'}{stop}{tail}"
    expected = " or ".join(dict.fromkeys(each.said for each in meant))
    hint = _hint(one.value, re.findall("'([^']*)'", expected))
    for field, tag in (own for kind in one.kinds for own in _tags(kind)):
        if tag == one.value:
            hint = f" Did you mean {{{field}: {tag}}}?"
    return f"expected {expected}, found {_shown(one.value)}{'.' if hint else ''}{hint}"


def _whole(limit: Any) -> Any:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _hint(name: object, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1) if isinstance(name, str) else []
    return f" Did you mean {close[0]!r}?" if close else ""


def _inside(key: str, value: Any, name: str) -> tuple[str, Any]:
    return f"{key}.{name}".strip("."), value.get(name) if isinstance(value, dict) else value


def _kind_named(mistake: str) -> str | None:
    """What pydantic expected where it found a value of another kind; None of other mistakes."""
    kind, _, tail = mistake.partition("_")
    return _KINDS.get(kind) if tail in _NOT_OF_KIND else None


class _Short(Repr):
    """A few lines of YAML can stand for more than fits in memory; an address for a password."""

    def repr_str(self, x: str, level: int) -> str:
        return super().repr_str(_without_address(x), level)


def _shown(value: object) -> str:
    """What was given, short."""
    short = _Short()
    short.maxstring = short.maxother = _MOST_SHOWN
    text = short.repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _without_address(text: str) -> str:
    head, colon, _ = text.partition("://")
    return f"{head}{colon}..." if colon else text


def _place(
    kind: type[Settings], parts: Sequence[int | str], *, last_is_key: bool
) -> tuple[str, tuple[type[Settings], ...]]:
    """The key that `parts` lead to, as a file spells it, and the settings there.

    A part that is neither a field nor a place in a list names the form of a value that was tried.
    """
    key, kinds = "", (kind,)
    for number, part in enumerate(parts, 1):
        inside = [one.model_fields[part].annotation for one in kinds if part in one.model_fields]
        if isinstance(part, int):
            key += f"[{part}]"
        elif inside:
            key = f"{key}.{part}".strip(".")
            kinds = tuple(found for annotation in inside for found in _settings_in(annotation))
        elif last_is_key and number == len(parts):
            key = f"{key}.{part}".strip(".")
        else:
            own = (one for one in kinds if part in {one.__name__, *dict(_tags(one)).values()})
            kinds = tuple(own) or kinds
    return key, kinds


def _settings_in(annotation: Any) -> Iterator[type[Settings]]:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for argument in get_args(annotation):
        yield from _settings_in(argument)


def _tags(kind: type[Settings]) -> Iterator[tuple[str, str]]:
    """The key by which these settings are chosen among others, and its value."""
    for name in _TAGS:
        options = get_args(kind.model_fields[name].annotation) if name in kind.model_fields else ()
        if len(options) == 1:
            yield name, str(options[0])
