"""What a member returns must be probabilities: a wrong one is an error that names the member."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.probabilities import check_probabilities
from bt_fusion.errors import OptionError


class Wrong(GaussianNB):
    """Returns what is set on the class in place of its probabilities."""

    change = staticmethod(lambda proba: proba)

    def predict_proba(self, X):
        return self.change(super().predict_proba(X))


def first_row(*values):
    def change(proba):
        return np.concatenate([[values], proba[1:]])

    return change


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    return X, (X[:, 0] + rng.normal(size=200) > 0).astype(int)


WRONG = {
    "all NaN": (lambda proba: proba * np.nan, r"row 0: predict_proba returned \[nan, nan\]"),
    "one NaN": (first_row(np.nan, 1.0), r"row 0: .* \[nan, 1.0\]"),
    "infinite": (first_row(np.inf, -np.inf), "row 0"),
    "half a million": (first_row(500_000.0, -499_999.0), r"row 0: .* \[500000.0, -499999.0\]"),
    "below 0": (first_row(-0.1, 1.1), "row 0"),
    "halves": (lambda proba: proba / 2, "must add up to 1"),
    "evened out": (first_row(0.0, 0.0), "row 0"),
    "one column": (lambda proba: proba[:, :1], r"shape \(200, 1\) for 200 rows; .* 2 prob"),
    "a row less": (lambda proba: proba[1:], r"shape \(199, 2\) for 200 rows"),
    "a vector": (lambda proba: proba[:, 0], r"shape \(200,\) for 200 rows"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_probability_is_refused(case, rows, monkeypatch):
    change, message = WRONG[case]
    ensemble = Ensemble({"mine": Wrong(), "lr": "lr"}).fit(*rows)
    assert ensemble.predict_proba(rows[0]).shape == (200, 2)
    monkeypatch.setattr(Wrong, "change", staticmethod(change))
    with pytest.raises(OptionError, match=f"member 'mine'.*{message}"):
        ensemble.predict_proba(rows[0])


def test_the_first_wrong_row_is_named(rows, monkeypatch):
    def change(proba):
        proba[137] = 0.7
        return proba

    ensemble = Ensemble({"mine": Wrong()}).fit(*rows)
    monkeypatch.setattr(Wrong, "change", staticmethod(change))
    with pytest.raises(OptionError, match=r"member 'mine', row 137: .* Mend the member"):
        ensemble.member_proba(rows[0])


def test_rounding_is_let_pass():
    proba = np.array([[1.0000005, -0.0000005], [0.5004, 0.5004]])
    check_probabilities("mine", None, proba, (2, 2))
    with pytest.raises(OptionError, match="row 1"):
        check_probabilities("mine", None, proba + np.array([[0], [0.001]]), (2, 2))


def test_other_classes_than_those_of_the_fit_are_refused(rows):
    ensemble = Ensemble({"mine": Wrong()}).fit(*rows)
    ensemble.members_["mine"].classes_ = np.array([1, 2])
    with pytest.raises(OptionError, match=r"member 'mine' has the classes .* fitted on \[0, 1\]"):
        ensemble.predict_proba(rows[0])


def test_a_member_is_checked_before_its_calibration_learns_from_it(rows, monkeypatch):
    monkeypatch.setattr(Wrong, "change", staticmethod(lambda proba: proba * np.nan))
    with pytest.raises(OptionError, match="member 'mine', row 0"):
        Ensemble({"mine": Wrong()}, calibration="sigmoid").fit(*rows)


def test_no_rows_are_no_fault():
    check_probabilities("mine", None, np.empty((0, 2)), (0, 2))
