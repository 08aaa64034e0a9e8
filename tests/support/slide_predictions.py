"""What ``layer3-infer slide-model apply`` leaves in a folder of results, with words of ours."""

from __future__ import annotations

from layer3_infer.prediction_record import write_record
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import read_results


def write_predictions(path, text):
    """The table with this text, and the record of the heatmaps there now."""
    folder = ResultsFolder(path)
    folder.slide_predictions.write_text(text)
    write_record(folder, read_results(path), "d" * 64)
