"""The program `layer2-train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

import click

from common.cli import FOLDER_PATH, OUTPUT_PATH, SCRATCH, Result, layer, run, verb
from common.doctor.command import ANY_PATH, QUICK, TRIED_OUT, result_of

if TYPE_CHECKING:
    from pathlib import Path

    from layer2_train.config import EvaluateSettings, TrainSettings
    from layer2_train.settings.mining import MineSettings

_PATCHES: Final = (
    "Folder of patch files, or one that has them in patches/; may be repeated, for several."
)
cli = layer("layer2-train", "Train a network on patch files, and write it as a model bundle.")


@verb(cli, settings="layer2_train.config:TrainSettings")
@click.option(
    "--patches", type=FOLDER_PATH, multiple=True, help=f"{_PATCHES} Shows what would be read."
)
@click.option("--out", type=OUTPUT_PATH, help="Run directory that should go with them.")
def check(settings: TrainSettings, patches: tuple[Path, ...], out: Path | None) -> Result:
    """Check a configuration, and what it would read; imports no Keras and writes nothing.

    With --out the training there is refused where it was of another configuration, or of other
    patches than --patches.
    """
    from common.config import dump
    from common.run_folder import refuse_other
    from layer2_train.plan import SPLIT_TABLE
    from layer2_train.preflight import preflight

    text, data = dump(settings), {"config": settings.model_dump(mode="json")}
    if out is not None:
        refuse_other(out, settings)
    if not patches:
        return Result(text.rstrip("\n"), data)
    plan = preflight(settings, patches)
    if out is not None:
        plan.refuse_other(out / SPLIT_TABLE)
    return Result(f"{text}\n{plan.text()}", {**data, "splits": plan.data()})


@verb(cli, settings="layer2_train.config:TrainSettings", says_where=True)
@click.option("--patches", type=FOLDER_PATH, required=True, multiple=True, help=_PATCHES)
@click.option(
    "--out",
    type=OUTPUT_PATH,
    required=True,
    help="Run directory: bundle/, history.csv, curves.png, metrics.json, roc.png, checkpoints/.",
)
@click.option("--overwrite", is_flag=True, help="Begin anew instead of going on.")
@SCRATCH
@click.option("--dry-run", is_flag=True, help="Show what would be read and written, and stop.")
def train(
    settings: TrainSettings,
    patches: tuple[Path, ...],
    out: Path,
    overwrite: bool,
    scratch: Path | None,
    dry_run: bool,
) -> Result:
    """Train a network, or go on where a training was stopped."""
    if dry_run:
        from layer2_train.preflight import preflight

        plan = preflight(settings, patches)
        text = f"{plan.text()}\nwould train {settings.network.name} and write {out}"
        data = {"splits": plan.data(), "out": str(out)}
        if scratch is not None:
            from common.staging import FileSet, forecast

            copies = forecast(scratch, {one.path: FileSet.of(one.path) for one in plan.files})
            text, data["scratch"] = f"{text}\n{copies.text('patch files')}", copies.data
        return Result(text, data)
    from layer2_train.pipeline import train as train_run
    from layer2_train.wording import basis, rate

    done = train_run(settings, patches, out, overwrite=overwrite, scratch=scratch)
    said = "was finished before, nothing to do" if done.finished_before else "finished"
    if done.rank:
        return Result(f"rank {done.rank}: {said}; rank 0 tells more", {"rank": done.rank})
    lines = [
        f"{split}: AUC {rate(own['auc'])}; {basis(own['groups'], own['intervals_over'])}"
        for split, own in done.metrics.items()
    ]
    text = "\n".join([f"{out}: {said}; model in {done.bundle}", *lines])
    return Result(text, {"bundle": str(done.bundle), "metrics": done.metrics})


@verb(cli)
@click.argument("out", metavar="RUN", type=OUTPUT_PATH)
def status(out: Path) -> Result:
    """Say how many epochs of the training in RUN are over, which is the best, and if it is done.

    Tells it from the files alone, while it is at work or after it, and changes none of them.
    """
    from layer2_train.status import status as status_of

    return status_of(out)


@verb(cli, settings="layer2_train.config:EvaluateSettings", says_where=True)
@click.option("--model", type=FOLDER_PATH, required=True, help="Model bundle.")
@click.option("--patches", type=FOLDER_PATH, required=True, multiple=True, help=_PATCHES)
@click.option(
    "--out",
    type=OUTPUT_PATH,
    required=True,
    help="Folder for metrics.json, predictions.csv and pictures.",
)
@click.option("--overwrite", is_flag=True, help="Replace other results there.")
def evaluate(
    settings: EvaluateSettings,
    model: Path,
    patches: tuple[Path, ...],
    out: Path,
    overwrite: bool,
) -> Result:
    """Measure a model bundle on labelled patches."""
    from layer2_train.evaluation import ALL
    from layer2_train.evaluation import evaluate as evaluate_bundle
    from layer2_train.looks import said
    from layer2_train.metrics import RATES
    from layer2_train.wording import basis, counted, probability, rate

    found = evaluate_bundle(model, patches, out, settings, overwrite=overwrite)
    own = found[ALL]
    lines = [f"{name.replace('_', ' ')}: {rate(own[name])}" for name in RATES]
    lines += [f"calibration error: {rate(own['calibration']['ece'])}"]
    lines += [basis(own["groups"], own["intervals_over"])]
    lines += [f"tumour from {probability(own['threshold'])} on"]
    seen, tested = len(found["seen_in_training"]), found["test_set"]
    if seen:
        lines += [f"seen in training: {counted(seen, 'slides')}; these results flatter the model"]
    if tested["slides"]:
        slides = counted(tested["slides"], "slides")
        lines += [f"of the model's test set: {slides}; {said(tested['looks'])}"]
    return Result("\n".join([f"{own['n']} patches, results in {out}", *lines]), found)


@verb(cli, name="fetch-weights")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Of all networks that have some.")
def fetch_weights(names: tuple[str, ...], every: bool) -> Result:
    """Download ImageNet weights of networks into Keras' cache, for machines without a network."""
    from layer2_train.imagenet import fetch_all

    paths = fetch_all(names, every=every)
    return Result("\n".join(map(str, paths.values())), {n: str(p) for n, p in paths.items()})


@verb(cli, settings="layer2_train.settings.mining:MineSettings", says_where=True)
@click.option("--model", type=FOLDER_PATH, required=True, help="Model bundle.")
@click.option("--patches", type=FOLDER_PATH, required=True, multiple=True, help=_PATCHES)
@click.option(
    "--out", type=OUTPUT_PATH, required=True, help="Folder for patches/, worst.png and mined.csv."
)
@click.option("--overwrite", is_flag=True, help="Replace what was mined there before.")
def mine(
    settings: MineSettings, model: Path, patches: tuple[Path, ...], out: Path, overwrite: bool
) -> Result:
    """Gather normal patches that a model takes for tumour, to train on beside the others."""
    from layer2_train.mining import mine as search

    found = search(model, patches, out, settings, overwrite=overwrite)
    said = " (finished before)" if found.finished_before else ""
    lines = [f"{found.patches} patches of {len(found.slides)} slides, in {out}{said}"]
    lines += [f"left out {file}: {reason}" for file, reason in found.left_out.items()]
    return Result("\n".join(lines), {"slides": found.slides, "left_out": found.left_out})


@verb(cli, settings="layer2_train.config:TrainSettings")
@click.option(
    "--folder",
    type=OUTPUT_PATH,
    default=".",
    help="Folder that all ranks see, where they meet; nothing stays in it.",
)
def selftest(settings: TrainSettings, folder: Path) -> Result:
    """Prove that ranks see different patches and stay equal, started as a training would be."""
    from layer2_train.selftest import selftest as test_ranks

    own, passed = test_ranks(settings.distributed, folder)
    return Result(own.text(), own.data(), exit_status=0 if passed else 1)


@verb(cli)
@TRIED_OUT
@click.option(
    "--patches",
    type=ANY_PATH,
    multiple=True,
    help="Folder of patch files that should be readable; may be repeated.",
)
@QUICK
def doctor(out: Path | None, patches: tuple[Path, ...], quick: bool) -> Result:
    """Look at this machine: can it do the work, and what would stop it.

    Libraries, Keras' backend and the devices it sees, Horovod, processors, memory, folders, locks,
    SLURM and container, a line each, with advice where something is not well. Ends with 2 where
    something will stop the work. Without --out and --patches a container's /out and /patches are
    looked at.
    """
    from layer2_train.doctor import doctor as examine

    return result_of(examine(out, patches, quick=quick))


def main() -> NoReturn:
    """Run the command line."""
    run(cli)
