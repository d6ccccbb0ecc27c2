"""The torch parts of the LSTM member: network, windows, weighted loss, one thread."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from skorch import NeuralNet

__all__ = ["Network", "WeightedNet", "Windows", "as_it_is", "one_thread"]


class Network(torch.nn.Module):
    """One LSTM layer whose last state decides the class.

    Parameters
    ----------
    features, hidden, classes : int
        Columns of a bar, cells of the layer, number of classes.
    dropout : float
        Share of the features and of the cells dropped in each training step.
    """

    def __init__(self, features: int, hidden: int, classes: int, dropout: float = 0.0):
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.lstm = torch.nn.LSTM(features, hidden, batch_first=True)
        self.head = torch.nn.Linear(hidden, classes)

    def forward(self, windows: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        """Return logits, shape (n_rows, n_classes); the weight only affects the loss."""
        _, (state, _) = self.lstm(self.dropout(windows))
        return self.head(self.dropout(state[-1]))


class Windows(torch.utils.data.Dataset):
    """The windows that end at some rows, cut out when a batch needs them.

    Parameters
    ----------
    bars : ndarray of float32, shape (window - 1 + n_bars, n_features)
        Standardised, with window - 1 blank bars in front.
    window : int
    rows : ndarray of int64, shape (n_rows,)
        Positions among the bars after the blank ones.
    codes, weight : ndarray, shape (n_rows,), optional
    """

    def __init__(self, bars, window: int, rows, codes=None, weight=None):
        self.bars, self.steps, self.rows = bars, np.arange(window), rows
        self.codes = np.zeros(len(rows), np.int64) if codes is None else codes
        self.weight = np.ones(len(rows)) if weight is None else weight

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, pick: int):
        """Return one window; skorch reads the first."""
        inputs, codes = self.__getitems__([pick])
        return {name: values[0] for name, values in inputs.items()}, codes[0]

    def __getitems__(self, picks):
        """Return a whole batch, as requested by torch's loader."""
        windows = self.bars[self.rows[picks][:, None] + self.steps]
        weight = torch.from_numpy(self.weight[picks].astype(np.float32))
        inputs = {"windows": torch.from_numpy(windows), "weight": weight}
        return inputs, torch.from_numpy(self.codes[picks])


class WeightedNet(NeuralNet):
    """A skorch net whose loss is the mean over weighted rows."""

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the weighted cross-entropy."""
        loss = super().get_loss(y_pred, y_true, X, training)
        return (loss * X["weight"]).sum() / X["weight"].sum()


def as_it_is(batch):
    """Return a batch unchanged: it is complete already."""
    return batch


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, then restore its number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
