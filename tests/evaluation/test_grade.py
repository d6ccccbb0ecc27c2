"""Grades: every limit, and what chance reaches."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bt_fusion.evaluation.grade import Grade, chance_auc, grade_of


@pytest.mark.parametrize(
    ("auc", "letter"),
    [
        (0.70, "A"),
        (0.6999, "B"),
        (0.60, "B"),
        (0.5999, "C"),
        (0.55, "C"),
        (0.5499, "D"),
        (0.5115, "D"),
        (0.5113, "E"),
        (0.3, "E"),
    ],
)
def test_limits(auc, letter):
    grade = grade_of(auc, rows=10_000, of_class=5_000, horizon=1)
    assert (grade.letter, grade.auc) == (letter, auc)
    assert grade.chance == pytest.approx(0.5 + 1.96 * np.sqrt(10_001 / (12 * 5_000**2)))


def test_few_rows_or_overlapping_labels_are_held_against_an_auc():
    assert grade_of(0.65, rows=2_000, of_class=1_000, horizon=1).letter == "B"
    assert grade_of(0.65, rows=2_000, of_class=1_000, horizon=50).letter == "E"
    assert grade_of(0.65, rows=40, of_class=20, horizon=1).letter == "E"


def test_one_class_has_no_grade():
    assert grade_of(None, rows=100, of_class=100, horizon=5) == Grade(None, None, None)


@pytest.mark.slow
def test_chance_exceeds_its_limit_in_one_of_forty_cases():
    rng = np.random.default_rng(0)
    actual = np.arange(90) < 30
    aucs = [roc_auc_score(actual, rng.normal(size=90)) for _ in range(2_000)]
    assert np.mean(np.array(aucs) > chance_auc(30, 60)) == pytest.approx(0.025, abs=0.01)


def test_next_to_no_rows_chance_reaches_everything():
    assert chance_auc(0.2, 0.4) == 1.0
