"""A SLURM of two nodes, which `cluster.sh` starts on this machine, once for all; or none at all."""

from __future__ import annotations

import os

import pytest
from login_node import Login
from slurm_jobs import Slurm


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The nodes, or a skip that says why they cannot be had."""
    if "CAMNET_SLURM" not in os.environ:
        pytest.skip("no SLURM is started: make test-slurm does, and says so in CAMNET_SLURM")
    slurm = Slurm(tmp_path_factory.mktemp("slurm"))
    if reason := slurm.start():
        pytest.skip(reason)
    yield slurm
    slurm.stop()


@pytest.fixture
def slurm(cluster):
    """The nodes, both up; what a test leaves in the queue is cancelled after it."""
    yield cluster
    cluster.clear()


@pytest.fixture
def login(tmp_path):
    """A login node without a SLURM, for what is asked of it."""
    return Login(tmp_path)
