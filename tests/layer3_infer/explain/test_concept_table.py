from __future__ import annotations

import csv
import json

import pytest

from layer3_infer.explain.concept_table import (
    ConceptsFolder,
    read_facts,
    sign,
    write_facts,
    write_table,
)
from layer3_infer.explain.concepts import of_measures
from layer3_infer.explain.finding import Finding

FOUND = Finding("contrast", "block1", 40, 3, r2=0.5, tcav=0.9, sensitivity_mean=-2.0, passes=True)


def test_each_line_holds_a_concept_in_a_layer_and_nothing_where_nothing_is_known(tmp_path):
    write_table(tmp_path / "t.csv", of_measures(("contrast",), (), 0.5), [FOUND])

    (line,) = csv.DictReader((tmp_path / "t.csv").read_text().splitlines())

    assert (line["concept"], line["layer"], line["mpp"]) == ("contrast", "block1", "0.5")
    assert (line["r2"], line["tcav"], line["sign"]) == ("0.5", "0.9", "-")
    assert (line["br"], line["passes"], line["n"]) == ("", "True", "40")


@pytest.mark.parametrize(("mean", "expected"), [(1.0, "+"), (-1.0, "-"), (0.0, ""), (None, "")])
def test_the_sign_says_what_more_of_a_concept_speaks_for(mean, expected):
    assert sign(Finding("a", "b", 1, 1, sensitivity_mean=mean)) == expected


def test_facts_are_read_back_with_their_format(tmp_path):
    write_facts(tmp_path / "f.json", {"words": ["a"]})

    assert read_facts(tmp_path / "f.json")["words"] == ["a"]
    assert json.loads((tmp_path / "f.json").read_text())["format"] == "camnet-concepts"


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "camnet-concepts"}', "{}"])
def test_what_is_no_such_file_counts_as_none(tmp_path, text):
    (tmp_path / "f.json").write_text(text)

    assert read_facts(tmp_path / "f.json") == {}
    assert read_facts(tmp_path / "absent.json") == {}


def test_files_lie_where_a_report_looks_for_them(tmp_path):
    folder = ConceptsFolder(tmp_path)

    names = {path.name for path in (folder.facts, folder.table, folder.picture, folder.words)}
    assert names == {"concepts.json", "concepts.csv", "concepts.png", "concepts.txt"}
    assert folder.measures("a").parent.name == "measures"


def test_what_an_earlier_version_found_otherwise_counts_as_none(tmp_path):
    write_facts(tmp_path / "f.json", {"words": ["a"]})
    now = json.loads((tmp_path / "f.json").read_text())
    (tmp_path / "f.json").write_text(json.dumps({**now, "format_version": "1.0"}))

    assert read_facts(tmp_path / "f.json") == {}
