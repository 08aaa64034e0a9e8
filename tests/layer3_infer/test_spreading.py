from __future__ import annotations

import json
import socket

import numpy as np
import pytest
from comparing import same_heatmaps
from deadly_slide import Killing

from common.cohort import SlideEntry, read_cohort
from common.errors import Interrupted
from common.slide_changes import seen_of
from common.units import units_of
from layer3_infer.analysis import Analysis
from layer3_infer.answer_store import AnswerStore
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.settings.heatmap import HeatmapSettings
from layer3_infer.slide_result import read_result
from layer3_infer.spreading import Analysing, spread_units

SLIDES = ("green", "pink", "glass")
SMALL = HeatmapSettings(batch_size=16)


@pytest.fixture(scope="module")
def one_go(run_on, tmp_path_factory):
    out = tmp_path_factory.mktemp("one_go")
    run_on(out, SMALL)
    return out


@pytest.mark.parametrize("workers", [1, 3])
def test_blocks_by_seven_tasks_in_any_order_give_the_heatmaps_of_one_run(
    run_on, one_go, tmp_path, workers
):
    waited = 0
    for index in (3, 0, 6, 2, 5, 1, 4):
        results, _ = run_on(tmp_path, SMALL, blocks=5, shard=f"{index}/7", workers=workers)
        waited += sum(result.parts == 5 for result in results)

    assert waited > 0
    same_heatmaps(one_go, tmp_path, SLIDES)
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_a_part_done_twice_finds_the_slide_finished(run_on, one_go, tmp_path, monkeypatch):
    """Two tasks are given the same part; one ends when the slide is finished already."""
    run_on(tmp_path, SMALL, blocks=2, shard="0/2", keep={"green"})
    prepare = Analysis.prepare

    def late(analysis, unit, **more):
        prepared = prepare(analysis, unit, **more)
        monkeypatch.setattr(Analysis, "prepare", prepare)
        run_on(tmp_path, SMALL, keep={"green"})
        assert list((tmp_path / "unfinished").iterdir()) == []
        return prepared

    monkeypatch.setattr(Analysis, "prepare", late)
    results, _ = run_on(tmp_path, SMALL, blocks=2, shard="1/2", keep={"green"})

    assert [(r.slide_id, r.parts) for r in results] == [("green", 1)]
    same_heatmaps(one_go, tmp_path, ["green"])
    assert list((tmp_path / "unfinished").iterdir()) == []


@pytest.mark.parametrize("workers", [1, 3])
def test_units_that_wait_to_be_finished_when_a_run_is_stopped_keep_their_answers(
    run_on, tmp_path, monkeypatch, workers
):
    def stopped(*_):
        raise Interrupted("stopped")

    monkeypatch.setattr(Analysis, "finish", stopped)
    with pytest.raises(Interrupted):
        run_on(tmp_path, SMALL, workers=workers, keep={"green"})

    kept = [np.load(path) for path in (tmp_path / "unfinished").iterdir()]
    assert sum(map(len, kept)) == 144


def stop_after(batches, monkeypatch):
    """Stop the run, as a scheduler does, when so many batches are kept."""
    kept = []
    add = AnswerStore.add

    def counting(store, rows, scores):
        add(store, rows, scores)
        kept.append(len(rows))
        if len(kept) == batches:
            raise Interrupted("stopped")

    monkeypatch.setattr(AnswerStore, "add", counting)


@pytest.mark.parametrize("batches", [1, 5, 12])
def test_a_run_that_is_stopped_goes_on_from_its_last_batch(
    run_on, one_go, tmp_path, monkeypatch, batches
):
    with monkeypatch.context() as patched:
        stop_after(batches, patched)
        with pytest.raises(Interrupted):
            run_on(tmp_path, SMALL, save_s=0.0)
    asked = []
    kept = AnswerStore.known

    def looked(store, count):
        known = kept(store, count)
        asked.append(int((~np.isnan(known)).sum()))
        return known

    with monkeypatch.context() as patched:
        patched.setattr(AnswerStore, "known", looked)
        run_on(tmp_path, SMALL)

    assert max(asked) >= 16
    same_heatmaps(one_go, tmp_path, SLIDES)
    assert list((tmp_path / "unfinished").iterdir()) == []


@pytest.mark.slow
def test_a_process_that_dies_takes_its_slide_and_no_other(run_on, one_go, tmp_path, monkeypatch):
    def run_with_a_killer(analysis, units, cohort):
        monkeypatch.setattr("layer3_infer.spreading.Analysing", lambda *_, **__: Killing(analysis))
        return spread_units(analysis, units, 2, overwrite=False), 0

    results, _ = run_on(tmp_path, SMALL, run=run_with_a_killer)

    found = {result.slide_id: result for result in results}
    assert found["pink"].status == "failed"
    assert "its process died" in found["pink"].reason
    outcome = json.loads((tmp_path / "outcomes" / "pink.json").read_text())
    assert outcome["exit_status"] == 1
    for slide in ("green", "glass"):
        one, other = (read_heatmap(f / f"{slide}.heatmap.h5") for f in (one_go, tmp_path))
        assert one.heatmap.values.tobytes() == other.heatmap.values.tobytes()


def died_of(bundle, folder, entry):
    analysis = Analysis(bundle, SMALL, ResultsFolder(folder))
    (result,) = Analysing(analysis).died(units_of([entry], 1))
    assert read_result(folder, entry.slide_id) == result
    return result


def test_what_the_files_of_a_slide_were_when_its_process_died_is_noted(
    bundle, cohort_csv, tmp_path
):
    (entry,) = (entry for entry in read_cohort(cohort_csv) if entry.slide_id == "green")

    result = died_of(bundle, tmp_path, entry)

    assert (result.exit_status, result.out_of_reach) == (1, "")
    assert result.seen == seen_of(entry)
    assert set(result.seen) == {"slide", "annotation"}


def test_a_slide_of_which_a_file_beside_it_is_gone_is_out_of_reach(bundle, tmp_path):
    entry = SlideEntry("m", tmp_path / "m.mrxs")
    entry.path.write_bytes(b"there")
    analysis = Analysis(bundle, SMALL, ResultsFolder(tmp_path / "out"))

    (failed,) = Analysing(analysis).results(units_of([entry], 1))
    died = died_of(bundle, tmp_path / "out", entry)

    assert {failed.out_of_reach, died.out_of_reach} == {socket.gethostname()}


def test_a_process_that_died_as_its_slide_went_away_is_no_bug(bundle, tmp_path):
    result = died_of(bundle, tmp_path, SlideEntry("gone", tmp_path / "gone.tif"))

    assert (result.exit_status, result.out_of_reach) == (3, socket.gethostname())
