"""The ranking: its order, and what control leaves of what helped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bt_fusion.universe.row import FIGURES, FileRow
from bt_fusion.universe.table import UniverseFile, controlled, ranking
from tests.verdict.test_rules import GOOD, NOTHING

SOME = dict.fromkeys(FIGURES, 1.0)


def file_with(symbol, setting_p, evidence=NOTHING):
    row = FileRow(off=SOME, on=SOME, evidence=evidence, setting_p=setting_p)
    return UniverseFile(symbol, Path(f"{symbol}.csv"), row)


def test_the_most_convincing_come_first_and_those_without_a_p_value_last():
    failed = UniverseFile("broken", Path("broken.csv"), FileRow(error="no time column"))
    untested = file_with("alike", None, replace(NOTHING, setting=None))
    files = [failed, file_with("b", 0.3), file_with("a", 0.3), untested, file_with("best", 0.01)]
    table = ranking(files)
    assert table.symbol.tolist() == ["best", "a", "b", "alike", "broken"]
    assert table.q_value[:3].tolist() == pytest.approx([0.03, 0.3, 0.3])
    assert table.q_value[3:].isna().all()
    assert table.verdict.tolist() == ["no evidence"] * 4 + ["not judged"]
    assert table.because[4] == table.error[4] == "no time column"


def test_a_lucky_file_among_many_helped_before_control_alone():
    many = [file_with(f"f{n:03d}", (n + 1) / 100) for n in range(99)]
    table = ranking([file_with("lucky", 0.002, GOOD), *many])
    assert table.symbol[0] == "lucky" and table.q_value[0] == pytest.approx(0.2)
    assert table.helped_before.sum() == 1 and table.helped_after.sum() == 0
    sure = ranking([file_with("sure", 0.0004, GOOD), *many])
    assert sure.q_value[0] == pytest.approx(0.04) and sure.helped_after.tolist() == [
        True,
        *[False] * 99,
    ]


def test_a_small_p_value_alone_has_not_helped():
    table = ranking([file_with("few_trades", 0.0001, replace(GOOD, trades_on=5))])
    assert table.q_value[0] < 0.05
    assert not table.helped_before.any() and not table.helped_after.any()


def test_without_any_p_value_there_is_none_to_control():
    assert np.isnan(controlled(np.array([np.nan, np.nan]))).all()
