"""A plug-in as a user might write it: parts that look ahead beside honest ones."""

OWN = """
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from bt_fusion import Direction, Labels, feature, label, member


@feature("own_centred", lookback=7)
def centred(bars):
    return pd.Series(bars.close).rolling(7, center=True).mean().to_numpy() / bars.close


@feature("own_honest", lookback=7)
def honest(bars):
    return pd.Series(bars.close).rolling(7).mean().to_numpy() / bars.close


@feature("own_short", lookback=3)
def short(bars):
    return pd.Series(bars.close).rolling(7).mean().to_numpy() / bars.close


@feature("own_next", lookback=1)
def ahead(bars):
    return np.append(bars.close[1:], np.nan) / bars.close


@feature("own_fails", lookback=1)
def fails(bars):
    raise KeyError("adj_close")


@feature("own_random", lookback=1)
def random(bars):
    return np.random.default_rng().normal(size=len(bars))


@label("own_crossing")
class Crossing(Direction):
    def __call__(self, bars):
        found = super().__call__(bars)
        return Labels(y=found.y, t1=np.where(found.t1 < 0, -1, found.t1 - 2))


class Ranks(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        up = pd.Series(self.inner_.predict_proba(X)[:, 1]).rank(pct=True).to_numpy()
        return np.column_stack([1 - up, up])


class Adds(Ranks):
    def predict_proba(self, X):
        up = pd.Series(self.inner_.predict_proba(X)[:, 1]).expanding().mean().to_numpy()
        return np.column_stack([1 - up, up])


class Draws(Ranks):
    def fit(self, X, y):
        drawn = np.random.default_rng().integers(0, len(X), 60)
        drawn = np.append(drawn, [y.argmin(), y.argmax()])
        return super().fit(X[drawn], y[drawn])

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


class Rule(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        up = 1 / (1 + np.exp(-np.clip(X[:, 0], -5, 5)))
        return np.column_stack([1 - up, up])


@member("own_rule")
def rule(seed):
    return Rule()


@member("own_ranks")
def ranks(seed):
    return Ranks()


@member("own_adds")
def adds(seed):
    return Adds()


@member("own_draws")
def draws(seed):
    return Draws()


@member("own_linear")
def linear(seed):
    return LogisticRegression()
"""
