from __future__ import annotations

import csv

import keras
import numpy as np
import pytest
from patch_files import write_cohort, write_patch_file

from common.errors import ConfigError, ContractError
from common.model_bundle import Manifest, SeenPatients, write_bundle
from common.patch_file.check import check
from common.patch_file.reader import PatchFile, find_patch_files
from common.run_folder import claim
from layer2_train.config import SplitByPatient
from layer2_train.mining import mine
from layer2_train.plan import make_plan
from layer2_train.settings.mining import MineSettings

FIVE = MineSettings(keep=5, batch_size=4)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle that calls dark patches tumour, and was chosen on one patient of the cohort."""
    image = keras.Input((16, 16, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(-1 / 25, offset=6)(image))
    head = keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones", name="head")
    manifest = Manifest(
        architecture="darkness",
        patch_size=16,
        patch_mpp=1.0,
        cam_layer="head",
        patients=SeenPatients.of(
            {"train": ["patient_000"], "valid": ["patient_002"], "test": ["patient_003"]}
        ),
    )
    path = tmp_path_factory.mktemp("model") / "bundle"
    write_bundle(path, manifest, keras.Model(image, head(x)).save, "# card")
    return path


@pytest.fixture
def cohort(tmp_path):
    """Six slides; in two, normal patches as dark as tumour."""
    folder = write_cohort(tmp_path / "cohort")
    for number, dark in ((1, [2, 5]), (2, [0, 1, 2, 3]), (4, [6])):
        labels = np.zeros(8, int)
        patches = np.full((8, 16, 16, 3), 210, np.uint8)
        patches[dark] = 90 + number
        name = f"patient_{number:03d}"
        write_patch_file(folder, f"{name}_node_0", patient=name, labels=labels, patches=patches)
    return folder


def table(out):
    return list(csv.DictReader((out / "mined.csv").read_text().splitlines()))


def test_the_worst_normal_patches_are_written_with_their_slides_and_places(
    bundle, cohort, tmp_path
):
    found = mine(bundle, cohort, tmp_path / "out", MineSettings(threshold=0.5, batch_size=4))

    assert found.slides == {"patient_001_node_0": 2, "patient_004_node_0": 1}
    one = PatchFile(tmp_path / "out" / "patches" / "patient_001_node_0.h5")
    assert check(one.path, decode=True).patient == "patient_001"
    assert one.coords.tolist() == [[32, 0], [16, 16]]
    assert (one.read([0, 1]) == 91).all()
    assert one.header.sampling["method"] == "mined"
    assert len(one.header.sampling["model_sha256"]) == 64
    assert (tmp_path / "out" / "worst.png").stat().st_size > 100
    lines = table(tmp_path / "out")
    assert [(line["slide_id"], line["x"], line["y"]) for line in lines] == [
        ("patient_001_node_0", "32", "0"),
        ("patient_001_node_0", "16", "16"),
        ("patient_004_node_0", "32", "16"),
    ]
    assert all(float(line["probability"]) > 0.5 for line in lines)


def test_slides_set_aside_for_validation_and_test_are_left_out_and_named(bundle, cohort, tmp_path):
    found = mine(bundle, cohort, tmp_path / "out", MineSettings(keep=100))

    assert found.left_out == {
        "patient_002_node_0.h5": "in the model's valid set",
        "patient_003_node_0.h5": "in the model's test set",
    }
    assert not {"patient_002_node_0", "patient_003_node_0"} & set(found.slides)
    assert found.patches == 4 + 8 + 8 + 8


def test_tumour_and_unlabelled_patches_are_not_mined(bundle, tmp_path):
    dark = np.full((3, 16, 16, 3), 60, np.uint8)
    write_patch_file(tmp_path / "p", "s", labels=[-1, 1, 0], patches=dark)

    mine(bundle, tmp_path / "p", tmp_path / "out", FIVE)

    (line,) = table(tmp_path / "out")
    assert (line["x"], line["y"]) == ("32", "0")


def test_mined_patches_follow_their_patient_and_change_no_split(bundle, cohort, tmp_path):
    mine(bundle, cohort, tmp_path / "out", FIVE)

    for seed in range(4):
        settings = SplitByPatient(seed=seed, valid=0.3, test=0.3)
        alone, both = make_plan(cohort, settings), make_plan((cohort, tmp_path / "out"), settings)
        for split in ("valid", "test", "train"):
            own = alone.data()[split]["slide_ids"]
            assert both.data()[split]["slide_ids"] == own
        assert not both.duplicates()


def test_what_was_mined_is_not_mined_again(bundle, cohort, tmp_path):
    mine(bundle, cohort, tmp_path / "out", FIVE)

    again = mine(bundle, (cohort, tmp_path / "out"), tmp_path / "more", FIVE)

    assert again.left_out["out/patient_001_node_0.h5"] == "mined before"
    assert table(tmp_path / "more") == table(tmp_path / "out")


def test_a_place_that_two_files_of_a_slide_hold_is_mined_once(bundle, tmp_path):
    for folder in ("one", "other"):
        write_patch_file(tmp_path / folder, "s", labels=[0, 0, 0])

    folders = (tmp_path / "one", tmp_path / "other")
    found = mine(bundle, folders, tmp_path / "out", MineSettings(keep=100))

    assert found.slides == {"s": 3}


def test_a_finished_search_is_not_done_again_and_a_broken_one_is(bundle, cohort, tmp_path):
    out = tmp_path / "out"
    first = mine(bundle, cohort, out, FIVE)
    again = mine(bundle, cohort, out, FIVE)
    path = find_patch_files(out)[0].path
    path.unlink()
    anew = mine(bundle, cohort, out, FIVE)

    assert [one.finished_before for one in (first, again, anew)] == [False, True, False]
    assert first.slides == again.slides == anew.slides
    assert path.exists()


def test_results_of_other_settings_models_or_patches_are_not_mixed(bundle, cohort, tmp_path):
    out = tmp_path / "out"
    mine(bundle, cohort, out, FIVE)

    with pytest.raises(ConfigError, match="keep: 5 there, 2 here"):
        mine(bundle, cohort, out, MineSettings(keep=2, batch_size=4))
    (cohort / "patient_005_node_0.h5").unlink()
    with pytest.raises(ConfigError, match="another patches_sha256"):
        mine(bundle, cohort, out, FIVE)

    found = mine(bundle, cohort, out, MineSettings(keep=1), overwrite=True)
    assert found.patches == 1
    assert [file.path.stem for file in find_patch_files(out)] == list(found.slides)


def test_a_search_killed_as_it_replaces_another_leaves_no_results_of_that(
    bundle, cohort, tmp_path, monkeypatch
):
    out, fewer = tmp_path / "out", MineSettings(keep=2, batch_size=4)
    mine(bundle, cohort, out, FIVE)

    def killed(folder, settings, *, overwrite):
        claim(folder, settings, overwrite=overwrite)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("layer2_train.mining.claim", killed)
        with pytest.raises(KeyboardInterrupt):
            mine(bundle, cohort, out, fewer, overwrite=True)

    found = mine(bundle, cohort, out, fewer)
    assert not found.finished_before
    assert found.patches == 2


@pytest.mark.parametrize("overwrite", [True, False])
def test_patches_of_a_cohort_are_never_overwritten(bundle, cohort, tmp_path, overwrite):
    cohort.rename(tmp_path / "patches")

    with pytest.raises(ConfigError, match="found one with others. Give another --out"):
        mine(bundle, tmp_path / "patches", tmp_path, FIVE, overwrite=overwrite)

    other = write_cohort(tmp_path / "other", n=2)
    with pytest.raises(ConfigError, match="found one with others. Give another --out"):
        mine(bundle, other, tmp_path, FIVE, overwrite=overwrite)
    assert len(list((tmp_path / "patches").glob("*.h5"))) == 6


def test_two_slides_of_one_name_are_refused(bundle, tmp_path):
    for folder in ("one", "other"):
        write_patch_file(tmp_path / folder, "s", fingerprint=folder)

    with pytest.raises(ConfigError, match="found several called s"):
        mine(bundle, (tmp_path / "one", tmp_path / "other"), tmp_path / "out", FIVE)


def test_nothing_to_look_at_is_refused(bundle, tmp_path):
    write_patch_file(tmp_path / "p", "s", patient="patient_003")

    with pytest.raises(ConfigError, match="found only 1 in the model's test set"):
        mine(bundle, tmp_path / "p", tmp_path / "out", FIVE)


def test_every_file_of_another_kind_is_named(bundle, tmp_path):
    for name in "ab":
        write_patch_file(tmp_path / "p", name, size=8)

    with pytest.raises(ContractError, match=r"(?s)a\.h5.*b\.h5"):
        mine(bundle, tmp_path / "p", tmp_path / "out", FIVE)


def test_nothing_above_the_threshold_is_a_result(bundle, tmp_path):
    write_patch_file(tmp_path / "p", "s", labels=[0, 0])

    found = mine(bundle, tmp_path / "p", tmp_path / "out", MineSettings(threshold=0.999))

    assert found.slides == {}
    assert table(tmp_path / "out") == []
