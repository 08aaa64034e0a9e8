from __future__ import annotations

from layer2_train.history import Epoch, best, from_csv, is_over, to_csv


def epochs(*results):
    return tuple(
        Epoch(number, 0.5, loss, area, 0.001, 1.5)
        for number, (loss, area) in enumerate(results, start=1)
    )


def test_the_highest_auc_is_best_and_a_tie_goes_to_the_lower_loss():
    history = epochs((0.5, 0.8), (0.6, 0.9), (0.4, 0.9), (0.4, 0.9), (0.1, 0.7))

    assert best(history).epoch == 3


def test_with_one_class_in_validation_the_lowest_loss_is_best():
    assert best(epochs((0.5, None), (0.3, None), (0.4, None))).epoch == 2


def test_without_validation_the_last_epoch_is_best():
    assert best(epochs((None, None), (None, None))).epoch == 2


def test_training_is_over_after_its_epochs():
    history = epochs((0.5, 0.5), (0.5, 0.6))

    assert not is_over(history, epochs=3, patience=None)
    assert is_over(history, epochs=2, patience=None)
    assert not is_over((), epochs=1, patience=1)


def test_training_is_over_when_patience_is_at_an_end():
    history = epochs((0.5, 0.9), (0.5, 0.8), (0.5, 0.7))

    assert is_over(history, epochs=10, patience=2)
    assert not is_over(history, epochs=10, patience=3)


def test_patience_begins_anew_when_weights_are_thawed():
    history = epochs((0.5, 0.7), (0.5, 0.69), (0.5, 0.69))

    assert is_over(history, epochs=10, patience=2)
    assert not is_over(history, epochs=10, patience=2, thawed=2)


def test_the_table_leaves_empty_what_is_not_known():
    assert to_csv(epochs((0.25, None))) == (
        "epoch,loss,valid_loss,valid_auc,learning_rate,seconds\n1,0.5,0.25,,0.001,1.5\n"
    )


def test_the_text_of_a_history_is_read_back_as_it_was():
    history = epochs((0.5, 0.8), (0.25, None), (None, None))

    assert from_csv(to_csv(history)) == list(history)
