from __future__ import annotations

import pytest
from fake_hosts import fake_host, only, states

from common.doctor.container import container, look, to_bind

READ_ONLY = {"/proc/self/mountinfo": "22 1 0:20 / / ro - overlay overlay ro\n"}
DOCKER = {"/.dockerenv": "", **READ_ONLY}


@pytest.mark.parametrize(
    ("files", "variables", "kind"),
    [
        ({}, {}, ""),
        ({"/.dockerenv": ""}, {}, "docker"),
        ({"/run/.containerenv": ""}, {}, "podman"),
        ({"/.singularity.d/runscript": ""}, {}, "apptainer"),
        ({}, {"APPTAINER_CONTAINER": "/x.sif"}, "apptainer"),
        ({}, {"container": "oci"}, "oci"),
    ],
)
def test_containers_are_known_by_what_they_leave(tmp_path, files, variables, kind):
    assert container(fake_host(tmp_path, files, **variables)) == kind


def test_outside_of_one_little_is_said(tmp_path):
    found = look(fake_host(tmp_path, HOME=str(tmp_path)))

    assert states(found) == [("container", "ok"), ("home", "ok")]
    assert only(found, "container").said == "none"


def test_root_and_user_are_told(tmp_path):
    files = {**DOCKER, "/etc/passwd": "root:x:0:0::/root:/bin/sh\n"}

    nameless = look(fake_host(tmp_path, files, uid=1234, HOME=str(tmp_path)))
    root = look(fake_host(tmp_path, files, uid=0, HOME=str(tmp_path)))

    said = only(nameless, "container").said
    assert said == "docker, root is read-only, user 1234 (who has no name here, and needs none)"
    assert only(root, "container").said.endswith("user 0 (root)")


def test_a_home_that_cannot_be_written_is_harmless_where_libraries_are_told_of_another(tmp_path):
    home = str(tmp_path / "none")
    elsewhere = {"KERAS_HOME": "/tmp/keras", "MPLCONFIGDIR": "/tmp/mpl"}

    assert only(look(fake_host(tmp_path, HOME=home)), "home").state == "warning"
    assert only(look(fake_host(tmp_path, HOME=home, **elsewhere)), "home").state == "ok"


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("PYTHONPATH", "/home/me/lib", "warning"),
        ("PYTHONHOME", "/opt/python", "failed"),
        ("LD_LIBRARY_PATH", "/opt/cuda/lib", "warning"),
        ("LD_LIBRARY_PATH", "/.singularity.d/libs", "ok"),
        ("PYTHONPATH", "", "ok"),
    ],
)
def test_software_of_the_host_that_leaks_in_is_named(tmp_path, name, value, state):
    host = fake_host(tmp_path, DOCKER, HOME=str(tmp_path), **{name: value})

    leak = only(look(host), "leaks")
    assert leak.state == state
    assert (name in leak.said) == (state != "ok")


def test_the_words_that_bind_a_folder_are_those_of_the_container(tmp_path):
    assert to_bind(fake_host(tmp_path), "/data") == ""
    assert to_bind(fake_host(tmp_path, APPTAINER_CONTAINER="x"), "/data") == (
        "--bind '/data:/data:ro'"
    )
    assert to_bind(fake_host(tmp_path, DOCKER), "/out", read_only=False) == "-v '/out:/out'"
