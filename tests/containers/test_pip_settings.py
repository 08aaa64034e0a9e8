"""`containers/pip_settings.py` hands on where packages come from, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from project import ROOT


@pytest.fixture
def written(tmp_path):
    """What the program writes for a listing of pip's."""
    out = tmp_path / "out"
    out.mkdir()

    def call(*lines):
        program = ROOT / "containers" / "pip_settings.py"
        listing = "".join(f"{line}\n" for line in lines)
        subprocess.run([sys.executable, program, out], input=listing, text=True, check=True)
        return {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}

    return call


def test_nothing_set_is_nothing_handed_on(written):
    assert written() == {"pip.conf": "[global]\n", "certificates.pem": "", "folders": ""}


def test_what_does_not_tell_where_packages_come_from_stays_here(written):
    assert written("global.cache-dir='/home/me'", "install.user='true'")["pip.conf"] == "[global]\n"


def test_the_environment_wins_in_whatever_order_pip_tells_it(written):
    one, other = ":env:.index-url='https://one/simple'", "global.index-url='https://other/simple'"

    assert written(one, other)["pip.conf"] == "[global]\nindex-url = https://one/simple\n"
    assert written(other, one)["pip.conf"] == "[global]\nindex-url = https://one/simple\n"


def test_the_certificates_go_to_where_the_build_mounts_them(written, tmp_path):
    own = tmp_path / "own.pem"
    own.write_text("certificates")
    files = written(f"global.cert='{own}'")

    assert files["certificates.pem"] == "certificates"
    assert "cert = /run/secrets/certificates.pem\n" in files["pip.conf"]


def test_an_index_in_a_folder_comes_with_the_files_beside_it(written, tmp_path):
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    files = written(
        f"global.extra-index-url='file://{tmp_path}/index/simple https://far/simple'",
        f"global.find-links='{tmp_path}/wheels {tmp_path}/absent'",
    )

    assert files["folders"].splitlines() == [f"{tmp_path}/index", f"{tmp_path}/wheels"]
    assert f"find-links = {tmp_path}/wheels {tmp_path}/absent\n" in files["pip.conf"]


def test_the_root_folder_is_never_shown(written):
    assert written("global.extra-index-url='file:///simple'")["folders"] == ""
