from __future__ import annotations

from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from common.config import Settings, default_tag, differences, digest, dump, load, with_values
from common.errors import ConfigError


class Random(Settings):
    method: Literal["random"] = "random"
    per_class: int = 500


class Dense(Settings):
    method: Literal["dense"] = "dense"
    stride: int = Field(default=224, gt=0)


class Patch(Settings):
    size: int = Field(default=224, gt=0)
    mpp: Annotated[float, Field(gt=0)] | Literal["native"] = 0.25


class Weights(Settings):
    normal: float = Field(default=1, gt=0)
    tumor: float = Field(default=1, gt=0)


class Example(Settings):
    patch: Patch = Patch()
    classes: Literal["natural", "balanced"] | Weights = "natural"
    valid: Annotated[float, Field(lt=1)] | Annotated[tuple[str, ...], Field(min_length=1)] = 0.2
    sampling: Annotated[
        Random | Dense, Field(discriminator="method"), default_tag("method", "random")
    ] = Random()


def mistakes(tmp_path, text, *overrides):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(Example, path, overrides)
    return str(caught.value)


def test_every_mistake_is_reported_at_once_with_its_key_and_file(tmp_path):
    text = mistakes(tmp_path, "patch: {size: 0, mppp: 1}\nsampling: {method: dense, strid: 3}\n")

    assert "c.yaml: patch.size: expected a number greater than 0, found 0" in text
    assert "patch.mppp: no such key. Did you mean 'mpp'?" in text
    assert "strid: no such key. Did you mean 'stride'?" in text


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("valid=patient_001", "valid: expected a number or a list, found 'patient_001'"),
        ("valid=1.5", "valid: expected a number less than 1, found 1.5"),
        ("valid=[]", "valid: expected at least 1 item, found []"),
        ("valid=[a, 2]", "valid[1]: expected text, found 2"),
        (
            "classes=naturl",
            "classes: expected 'natural' or 'balanced' or keys with values, found 'naturl'. "
            "Did you mean 'natural'?",
        ),
        ("classes={normal: -1}", "classes.normal: expected a number greater than 0, found -1"),
        (
            "classes={norml: 1}",
            "classes.norml: no such key. Did you mean 'normal'? Known here: normal, tumor",
        ),
        (
            "sampling.method=dens",
            "sampling.method: expected one of 'random', 'dense', found 'dens'. "
            "Did you mean 'dense'?",
        ),
        (
            "sampling=dense",
            "sampling: expected keys with values, found 'dense'. Did you mean {method: dense}?",
        ),
        ("sampling={method: dense, stride: 0}", "sampling.stride: expected a number greater than"),
        ("patch=3", "patch: expected keys with values, found 3"),
        ("patch.size=true", "patch.size: expected a number, found True"),
        ("patch.size=1.5", "patch.size: expected an integer, found 1.5"),
        ("patch.mpp=natve", "patch.mpp: expected a number or 'native', found 'natve'. Did you"),
        ("patch.mpp=0", "patch.mpp: expected a number greater than 0, found 0"),
    ],
)
def test_a_mistake_is_one_line_with_its_key_what_was_expected_and_the_nearest(override, said):
    with pytest.raises(ConfigError) as caught:
        load(Example, None, [override])

    assert str(caught.value).startswith(f"configuration: {said}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "patch: {size: 1\nsampling: 3",
            "c.yaml: line 2, column 9: expected YAML, found a mistake",
        ),
        ("patch: 1\npatch: 2", "c.yaml: line 1, column 1: expected YAML, found a mistake: key"),
        ("patch: \x00", "c.yaml: character 8: expected YAML, found a mistake"),
    ],
)
def test_a_file_that_is_no_yaml_is_named_with_the_place_and_not_repeated(tmp_path, text, said):
    message = mistakes(tmp_path, text)

    assert said in message
    assert "unicode string" not in message


def test_a_key_given_twice_is_refused(tmp_path):
    assert "given twice: patch" in mistakes(tmp_path, "patch: {size: 1}\npatch: {size: 2}\n")


@pytest.mark.parametrize("text", ["[1, 2", "- a\n- b\n", "? [a]\n: b", "\x00", "a: &x [*x]"])
def test_what_is_not_a_mapping_of_settings_is_a_configuration_error(tmp_path, text):
    assert "c.yaml" in mistakes(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent.yaml: expected a file"):
        load(Example, tmp_path / "absent.yaml")


def test_overrides_go_through_the_same_checks():
    settings = load(Example, None, ["patch.size=96", "patch.mpp=native", "sampling.method=dense"])

    assert (settings.patch.size, settings.patch.mpp, settings.sampling) == (96, "native", Dense())
    with pytest.raises(ConfigError, match="patch.size"):
        load(Example, None, ["patch.size=big"])


@pytest.mark.parametrize("override", ["patch.size", "=3", "patch.=3", ".size=3"])
def test_an_override_of_another_form_is_refused_with_an_example(override):
    with pytest.raises(ConfigError, match=r"such as patch\.size=96"):
        load(Example, None, [override])


def test_true_is_no_number_and_a_date_no_size():
    for override in ("patch.size=true", "patch.size=yes", "patch.size=2024-13-45"):
        with pytest.raises(ConfigError, match=r"patch.*size"):
            load(Example, None, [override])


def test_numbers_written_without_a_point_are_numbers(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("patch: {mpp: 1e-1}\n")

    assert load(Example, path).patch.mpp == 0.1


@given(size=st.integers(1, 10**6), mpp=st.floats(0.01, 100), stride=st.integers(1, 999))
def test_what_was_dumped_is_read_back(tmp_path_factory, size, mpp, stride):
    settings = Example(patch=Patch(size=size, mpp=mpp), sampling=Dense(stride=stride))
    path = tmp_path_factory.mktemp("dump") / "c.yaml"
    path.write_text(dump(settings))

    assert load(Example, path) == settings


def test_the_digest_depends_on_values_alone():
    assert digest(Example()) == digest(Example(patch=Patch(size=224)))
    assert digest(Example()) != digest(Example(patch=Patch(size=223)))


def test_differences_name_each_key():
    assert differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 1}, "d": 2}) == [
        "c: 2 there, None here",
        "d: None there, 2 here",
    ]


def test_differences_leave_out_who_asks_at_an_address():
    (line,) = differences({"uri": "http://user:secret@host"}, {"uri": "http://host"})

    assert line == "uri: 'http://...@host' there, 'http://host' here"


def test_replaced_values_are_checked():
    assert with_values(Patch(), {"size": 5}).size == 5
    with pytest.raises(ConfigError, match="size"):
        with_values(Patch(), {"size": -5})


def test_the_usual_choice_need_not_be_named():
    assert load(Example, None, ["sampling.per_class=3"]).sampling == Random(per_class=3)
    with pytest.raises(ConfigError, match="stride: no such key"):
        load(Example, None, ["sampling.stride=3"])


LAUGHS = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))]
)


@pytest.mark.parametrize("text", [f"{LAUGHS}\nsize: *a11", f"{LAUGHS}\npatch: *a11"])
def test_a_few_lines_that_stand_for_very_much_are_refused_in_few_words(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError) as raised:
        load(Example, path)

    assert len(str(raised.value)) < 5_000


@pytest.mark.parametrize("number", ["9" * 30, "0x" + "f" * 9_999, ":".join(["59"] * 9_999)])
def test_a_number_that_no_file_could_keep_is_refused(tmp_path, number):
    path = tmp_path / "c.yaml"
    path.write_text(f"sampling: {{per_class: {number}}}")

    with pytest.raises(ConfigError, match="64 bits"):
        load(Example, path)
