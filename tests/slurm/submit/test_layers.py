"""What submit.sh asks of the layers, and has containers see."""

from __future__ import annotations

import pytest
from fake_programs import fake, recorded, recording


def test_images_are_told_of_every_folder_that_is_needed(login):
    login.images()

    done, calls = login.submit("--images", "sif", APPTAINER_BIND="/refs:/refs:ro")

    assert done.returncode == 0, done.stderr
    folders = "/refs:/refs:ro,HERE,HERE/my out,HERE/slides"
    images = f"sbatch IMAGES=HERE/sif 'APPTAINER_BIND={folders}' --parsable"
    assert [call[: len(images)] for call in calls] == [images] * 5
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    planned = [call for call in asked if "layer1_extract.sif plan" in call]
    assert [call.split("--values")[0] for call in planned] == [
        f"apptainer 'APPTAINER_BIND={known}' run HERE/sif/layer1_extract.sif plan "
        "'HERE/my cohort.csv' "
        for known in ("/refs:/refs:ro,HERE,HERE/my out", folders)
    ]


def test_a_chain_of_links_is_followed_through_folders_that_come_to_be_seen(login):
    login.images()
    seen = ["/hop1", "/hop2", "/hop3"]
    rules = "\n".join(
        f'[[ "$APPTAINER_BIND" == *{before}* ]] && echo "folders {after}"'
        for before, after in zip(["my", *seen], seen, strict=False)
    )
    recording(login.folder / "bin", "apptainer", login.asked, f"{login.image}\n{rules}\ntrue")

    done, calls = login.submit("--images", "sif")

    assert done.returncode == 0, done.stderr
    assert all(hop in calls[0] for hop in seen)


def test_all_submits_every_task(login):
    login.left("layer1_extract", places=[3])

    _, calls = login.submit("--all")

    assert "--array=0-19 --export=ALL,TASKS=20" in calls[0]


def test_slides_that_are_not_there_are_found_before_anything_is_submitted(login):
    (login.folder / "slides" / "s0.tif").unlink()
    login.left("layer1_extract", there=False)

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "none of its 40 slides is there" in done.stderr


@pytest.mark.parametrize("command", ["layer1-extract", "layer2-train", "layer3-infer"])
def test_a_configuration_that_a_layer_refuses_is_found_too(login, command):
    fake(login.folder / "bin", command, "echo 'error: seed: expected a number' >&2; exit 2")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert done.stderr == "error: seed: expected a number\n"


def test_without_images_the_jobs_run_no_image_that_the_environment_names(login):
    done, calls = login.submit(IMAGES="/else/where")

    assert done.returncode == 0, done.stderr
    assert not any("IMAGES" in call for call in calls)
