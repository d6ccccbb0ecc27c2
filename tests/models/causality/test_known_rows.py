"""Members that know rows they were not fitted on, by what they say of labels in random order."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from bt_fusion import Backtest, Ensemble, LookAheadError, OptionError, SignalModel, WalkForward
from bt_fusion.data.samples import random_walk

BARS = random_walk(900)


class Rule(ClassifierMixin, BaseEstimator):
    """Says the same whatever it is fitted on."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        up = np.where(X[:, 0] > 0, 0.6, 0.4)
        return np.column_stack([1 - up, up])


class SaidRule(Rule):
    fixed_rule = True


class Learns(Rule):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = LogisticRegression().fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


KEPT: list[tuple[np.ndarray, np.ndarray]] = []


class Keeps(Learns):
    """Learns from the rows of all its fits."""

    def fit(self, X, y):
        KEPT.append((X, y))
        rows, codes = zip(*KEPT, strict=True)
        self.classes_ = np.unique(y)
        self.model_ = KNeighborsClassifier(3).fit(np.concatenate(rows), np.concatenate(codes))
        return self


HELD = BARS.close.to_numpy()


class Holds(Learns):
    def fit(self, X, y):
        return super().fit(X, y) if len(HELD) else self


def fitted(member):
    return SignalModel(["return_1", "gap"], ensemble=Ensemble({"mine": member})).fit(BARS)


def test_a_member_that_learns_passes():
    assert fitted(Learns()).n_rows_ > 800


def test_one_that_learns_nothing_must_say_so():
    with pytest.raises(OptionError, match=r"member 'mine' gives the same probabilities whatever"):
        fitted(Rule())
    assert fitted(SaidRule()).n_rows_ > 800


def test_one_that_keeps_rows_from_fit_to_fit_is_named():
    with pytest.raises(LookAheadError, match=r"member 'mine' .* keeps rows from one fit to the"):
        fitted(Keeps())


def test_one_that_holds_closes_to_come_is_named():
    with pytest.raises(LookAheadError, match=r"HELD, which it refers to, holds [\d,]+ closes of"):
        fitted(Holds())


FITS: list[np.ndarray] = []


class Warm(Learns):
    """Its coefficients are the mean of those of all fits."""

    def fit(self, X, y):
        super().fit(X, y)
        FITS.append(self.model_.coef_.copy())
        self.model_.coef_ = np.mean(FITS, axis=0)
        return self


@pytest.mark.slow
def test_what_two_fits_of_a_member_leave_open_is_a_note_of_the_run():
    model = SignalModel("fusion", ensemble=Ensemble({"lr": "lr", "warm": Warm()}))
    walk = WalkForward(model, 400, 200, cache=None)
    notes = Backtest(walk, placebo="none", audit=False).run(BARS).summary["notes"]
    note = "look-ahead is not verified: member warm: two fits on the same rows differ"
    assert any(each.startswith(note) for each in notes)


@pytest.mark.slow
def test_a_member_that_is_verified_leaves_no_note():
    model = SignalModel("fusion", ensemble=Ensemble({"lr": "lr", "learns": Learns()}))
    walk = WalkForward(model, 400, 200, cache=None)
    notes = Backtest(walk, placebo="none", audit=False).run(BARS).summary["notes"]
    assert not any("not verified" in note for note in notes)
