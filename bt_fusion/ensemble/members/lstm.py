"""A long short-term memory network over windows of consecutive bars (extra ``deep``)."""

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import EarlyStopping
from skorch.helper import predefined_split

from bt_fusion.ensemble.members.lstm_network import (
    Network,
    WeightedNet,
    Windows,
    as_it_is,
    one_thread,
)
from bt_fusion.ensemble.training import time_split

__all__ = ["LSTMClassifier"]

FAR = 5.0  # standard deviations at which features are clipped, to limit the effect of outliers
PREDICTED_ROWS = 4_096  # windows in memory at once


class LSTMClassifier(ClassifierMixin, BaseEstimator):
    """Classify a bar from the window of bars that ends with it.

    Windows may reach back before the training rows, and those of the first out-of-sample bars into
    the training rows: a fold's border never cuts the context. If a window begins before the first
    bar, or a feature in it is unknown, the gap holds the training mean. The loss on the last fifth
    of the rows stops the training; scaling is learnt on the earlier rows. One thread, seeded: the
    same rows give the same numbers.

    Parameters
    ----------
    window : int
        Bars in the network's input.
    hidden : int
        Cells of the LSTM layer.
    dropout : float
        Share of features and cells dropped in each training step.
    learning_rate, weight_decay : float
        Of AdamW.
    batch_rows : int
        Rows per training step.
    max_epochs, patience : int
        Training ends after `max_epochs`, or after `patience` epochs without a lower loss on the
        held-out rows; the best state is kept.
    seed : int

    Attributes
    ----------
    scaler_ : StandardScaler
    module_ : Network
        Can be made again from its `state_dict` and the sizes below.
    sizes_ : tuple of int
        Arguments of `Network`.
    losses_ : list of float
        Loss on the held-out rows, by epoch.
    classes_ : ndarray, shape (n_classes,)
    """

    in_time_order = True
    needs_context = True

    def __init__(
        self,
        window: int = 32,
        hidden: int = 16,
        dropout: float = 0.5,
        learning_rate: float = 5e-4,
        weight_decay: float = 1e-2,
        batch_rows: int = 128,
        max_epochs: int = 15,
        patience: int = 3,
        seed: int = 0,
    ):
        self.window = window
        self.hidden = hidden
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_rows = batch_rows
        self.max_epochs = max_epochs
        self.patience = patience
        self.seed = seed

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
        purge: int = 0,
    ) -> "LSTMClassifier":
        """Fit on some rows of consecutive bars.

        Parameters
        ----------
        X : ndarray, shape (n_bars, n_features)
        y : ndarray, shape (n_rows,)
        sample_weight : ndarray, shape (n_rows,), optional
        rows : ndarray of int, shape (n_rows,), optional
            Positions of the training rows in X, ascending; all by default.
        purge : int
            Rows left out before the held-out ones.
        """
        rows = np.arange(len(X)) if rows is None else np.asarray(rows)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[1]
        early, late = time_split(len(rows), purge)
        self.scaler_ = StandardScaler().fit(X[rows[early]])
        bars = self._bars(X)
        weight = np.ones(len(rows)) if sample_weight is None else sample_weight
        parts = [
            Windows(bars, self.window, rows[part], codes[part], weight[part])
            for part in (early, late)
        ]
        self.sizes_ = (X.shape[1], self.hidden, len(self.classes_))
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            net = self._net(parts[1]).fit(parts[0], None)
        self.module_ = net.module_.eval()
        self.losses_ = [float(loss) for loss in net.history[:, "valid_loss"]]
        return self

    def predict_proba(self, X: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Return probabilities of some rows of consecutive bars, shape (n_rows, n_classes)."""
        rows = np.arange(len(X)) if rows is None else np.asarray(rows)
        windows = Windows(self._bars(X), self.window, rows)
        logits = np.empty((len(rows), len(self.classes_)))
        with one_thread(), torch.inference_mode():
            for start in range(0, len(rows), PREDICTED_ROWS):
                picks = np.arange(start, min(start + PREDICTED_ROWS, len(rows)))
                logits[picks] = self.module_(windows.__getitems__(picks)[0]["windows"]).numpy()
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, X: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Return the likeliest class of each row."""
        return self.classes_[self.predict_proba(X, rows).argmax(axis=1)]

    def _bars(self, X: np.ndarray) -> np.ndarray:
        """Standardise all bars; unknown values become the mean, 0."""
        bars = np.zeros((self.window - 1 + len(X), X.shape[1]), np.float32)
        scaled = (X - self.scaler_.mean_) / self.scaler_.scale_
        bars[self.window - 1 :] = np.clip(np.nan_to_num(scaled), -FAR, FAR)
        return bars

    def _net(self, held_out: Windows) -> WeightedNet:
        features, hidden, classes = self.sizes_
        return WeightedNet(
            Network,
            module__features=features,
            module__hidden=hidden,
            module__classes=classes,
            module__dropout=self.dropout,
            criterion=torch.nn.CrossEntropyLoss,
            criterion__reduction="none",
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=self.weight_decay,
            lr=self.learning_rate,
            batch_size=self.batch_rows,
            max_epochs=self.max_epochs,
            iterator_train__shuffle=True,
            iterator_train__collate_fn=as_it_is,
            iterator_valid__collate_fn=as_it_is,
            train_split=predefined_split(held_out),
            callbacks=[("stop", EarlyStopping(patience=self.patience, load_best=True, sink=quiet))],
            callbacks__print_log=None,
            verbose=0,
        )


def quiet(text: str) -> None:
    """Suppress skorch's printed output."""
