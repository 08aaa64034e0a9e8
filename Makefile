# CamNet: every target is one to three lines; CI runs the same ones.
PYTHON ?= python3
TESTERS ?= auto
BIN := .venv/bin
SOURCES := common layer1_extract layer2_train layer3_infer tests

.DEFAULT_GOAL := help
.PHONY: help install demo test test-browser test-slurm test-images test-backends check lint format horovod images sif bench backends docs constraints clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

install: .venv/installed  ## a virtual environment with everything, in .venv

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[extract,train,infer,dev]' && touch $@

demo: install  ## the whole way, from slides it makes to a report, in demo/
	PATH="$(CURDIR)/$(BIN):$$PATH" sh configs/demo/run.sh

test: install  ## every test; those on real data skip where it is absent
	$(BIN)/pytest --numprocesses=$(TESTERS) --maxprocesses=4 --dist=loadfile
	$(BIN)/pytest --quiet --doctest-modules common layer1_extract layer2_train layer3_infer

test-browser: install  ## the report's pages in a Chromium, for which it installs Debian's
	status=0; tests/browser/install.sh || status=$$?; test $$status = 0 -o $$status = 77
	$(BIN)/pytest tests/browser

test-slurm: horovod  ## a cohort through all layers on a SLURM of two nodes that it starts here, for which it installs Debian's
	status=0; tests/slurm/cluster.sh install || status=$$?; test $$status = 0 -o $$status = 77
	CAMNET_SLURM=1 $(BIN)/pytest -m cluster tests/slurm

test-images: install  ## the images of all layers, in podman and Apptainer, for which it installs Debian's
	status=0; tests/containers/prepare.sh sif || status=$$?; test $$status = 0 -o $$status = 77
	CAMNET_IMAGES=latest CAMNET_SIF=sif $(BIN)/pytest tests/containers

horovod: install  ## training on several nodes: builds Horovod, once; MPI=1 for mpirun as well
	containers/horovod/build.sh .venv

images:  ## an image of each layer, with docker, podman or buildah; containers/images.sh --gpu for GPUs
	containers/images.sh

sif:  ## the images as SIF files for Apptainer, in sif/
	containers/sif.sh sif

test-backends: backends  ## training and inference on JAX and PyTorch
	$(BIN)/pytest tests/pipeline/test_other_backends.py

backends: install  ## JAX and PyTorch beside TensorFlow; KERAS_BACKEND=jax or torch then chooses
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[backends]'

check: lint  ## what CI asks of the code, before the tests

lint: install  ## format, rules, types, spelling, and who may import whom
	$(BIN)/ruff format --check $(SOURCES) && $(BIN)/ruff check $(SOURCES)
	$(BIN)/pyright && $(BIN)/lint-imports
	$(BIN)/codespell

format: install  ## rewrite the code in the house format
	$(BIN)/ruff check --fix $(SOURCES); $(BIN)/ruff format $(SOURCES)

bench: install  ## speed and memory, always against an alternative in the same run
	$(BIN)/python tests/benchmarks/run.py

docs: install  ## write docs/commands.md anew from the commands themselves
	$(BIN)/python tests/support/command_reference.py > docs/commands.md

constraints: install  ## write constraints.txt anew from what is installed
	$(BIN)/python -m pip freeze --exclude-editable --exclude horovod | sed -e 's/^\(torch==[0-9.]*\)+.*/\1/' -e '1i # Versions tested together. No addresses: any index serves.' > constraints.txt

clean:  ## remove what the demo and the tools made; .venv stays
	rm -rf demo .pytest_cache .ruff_cache .hypothesis .import_linter_cache
