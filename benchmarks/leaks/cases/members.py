"""Members that know rows they were not fitted on, and honest ones."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.leaks.registry import honest, leak
from bt_fusion.data.bars import BarArrays
from bt_fusion.features import FeatureSet
from bt_fusion.labels import Direction


class Logistic(ClassifierMixin, BaseEstimator):
    """A logistic regression that others here spoil."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = LogisticRegression().fit(self.scaled(X), y)
        return self

    def scaled(self, X):
        return X

    def predict_proba(self, X):
        return self.model_.predict_proba(self.scaled(X))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@leak("member", "fits a scaler over the batch in predict")
class ScalesTheBatch(Logistic):
    def scaled(self, X):
        return StandardScaler().fit_transform(X) if len(X) > 1 else np.zeros_like(X)


@leak("member", "ranks within the batch")
class RanksTheBatch(Logistic):
    def scaled(self, X):
        return pd.DataFrame(X).rank(pct=True).to_numpy()


@leak("member", "probabilities spread so that half of a batch is above 1/2")
class CentresTheBatch(Logistic):
    def predict_proba(self, X):
        up = self.model_.predict_proba(X)[:, 1]
        up = np.clip(up - np.median(up) + 0.5, 0, 1)
        return np.column_stack([1 - up, up])


@leak("member", "clusters the rows it is asked about")
class ClustersTheBatch(Logistic):
    def predict_proba(self, X):
        proba = self.model_.predict_proba(X)
        if len(X) < 4:
            return proba
        groups = KMeans(4, n_init=1, random_state=0).fit_predict(X)
        return pd.DataFrame(proba).groupby(groups).transform("mean").to_numpy()


@leak("member", "smooths a probability with that of the next row")
class SmoothsAhead(Logistic):
    def predict_proba(self, X):
        proba = pd.DataFrame(self.model_.predict_proba(X))
        return proba.rolling(3, center=True, min_periods=1).mean().to_numpy()


class Notebook:
    """What a notebook left behind."""

    X = y = model = scaler = table = None


def in_a_notebook(bars: pd.DataFrame) -> None:
    """Compute rows and labels of all bars, and fit on them."""
    arrays = BarArrays.of(bars)
    labels = Direction(5)(arrays)
    X = FeatureSet("fusion").transform(arrays)
    rows = np.flatnonzero(np.isfinite(X).all(axis=1) & np.isfinite(labels.y))
    Notebook.X, Notebook.y = X[rows], labels.y[rows].astype(int)
    Notebook.scaler = StandardScaler().fit(Notebook.X)
    forest = RandomForestClassifier(30, random_state=0, n_jobs=1)
    Notebook.model = forest.fit(np.repeat(Notebook.X, 2, axis=0), np.repeat(Notebook.y, 2))
    Notebook.table = {
        hash(row.tobytes()): int(y)
        for row, y in zip(Notebook.X.astype(np.float32), Notebook.y, strict=True)
    }


@leak("member", "stops early by the test's rows, held in a global", before=in_a_notebook)
class StopsOnTheTest(Logistic):
    def fit(self, X, y):
        tried = [GradientBoostingClassifier(n_estimators=n).fit(X, y) for n in (2, 5, 10)]
        scores = [model.score(Notebook.X[-300:], Notebook.y[-300:]) for model in tried]
        self.classes_, self.model_ = np.unique(y), tried[int(np.argmax(scores))]
        return self


@leak("member", "asks its nearest neighbour among all rows", before=in_a_notebook)
class Memorises(Logistic):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = KNeighborsClassifier(1).fit(Notebook.X, Notebook.y)
        return self


@leak("member", "looks labels up by the bytes of a row", before=in_a_notebook)
class LooksUp(Logistic):
    def predict_proba(self, X):
        proba = self.model_.predict_proba(X)
        for row, values in enumerate(np.asarray(X, np.float32)):
            known = Notebook.table.get(hash(values.tobytes()))
            if known is not None:
                proba[row] = 0.3 * proba[row] + 0.7 * np.array([1 - known, known])
        return proba


@leak("member", "oversampled and fitted on all bars before the split", before=in_a_notebook)
class OversampledBefore(Logistic):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return Notebook.model.predict_proba(X)


@leak("member", "a frozen model of a notebook", before=in_a_notebook)
def frozen():
    return FrozenEstimator(Notebook.model)


@leak("member", "a scaler fitted on all bars", before=in_a_notebook)
class ScaledBefore(Logistic):
    def scaled(self, X):
        return Notebook.scaler.transform(X)


@honest("member", "a scaler and a logistic regression")
class ScalesThenLearns(Logistic):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
        return self


@honest("member", "draws rows with a fixed seed")
class Subsamples(Logistic):
    def fit(self, X, y):
        picked = np.random.default_rng(3).random(len(X)) < 0.7
        self.classes_ = np.unique(y)
        self.model_ = RandomForestClassifier(20, random_state=3, n_jobs=1).fit(X[picked], y[picked])
        return self


@honest("member", "the shares of the classes, whatever the row")
class Shares(Logistic):
    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


@honest("member", "a rule that says it learns nothing")
class Rule(Logistic):
    fixed_rule = True

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        up = np.where(X[:, 0] > 0, 0.55, 0.45)
        return np.column_stack([1 - up, up])


@honest("member", "keeps the training rows it was given: nearest neighbours")
class Neighbours(Logistic):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = KNeighborsClassifier(15).fit(X, y)
        return self
