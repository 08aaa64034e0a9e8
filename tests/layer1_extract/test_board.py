from __future__ import annotations

import pickle

from layer1_extract.board import open_board


def test_each_unit_has_a_row_that_another_process_may_write():
    with open_board(3) as board:
        board.report(0)(5, 0.5)
        pickle.loads(pickle.dumps(board)).report(2)(7, 1.0)

        assert board.read()["kept"].tolist() == [5, 0, 7]
        assert board.read()["share"].tolist() == [0.5, 0, 1]

    assert not board.path.exists()


def test_a_share_stays_a_share():
    with open_board(1) as board:
        board.report(0)(1, 1.7)
        assert board.read()["share"].tolist() == [1]
        board.report(0)(1, -1)
        assert board.read()["share"].tolist() == [0]
