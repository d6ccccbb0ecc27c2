"""The saved models that --model names: one for all symbols, or one per symbol."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bt_fusion.data.sources import by_symbol
from bt_fusion.hub import pinned_model
from bt_fusion.models.signal_model import SignalModel

__all__ = ["load_models", "model_folders"]

EXAMPLE = "--model BTC=models/btc --model ETH=models/eth"
Folders = str | dict[str, str]


def model_folders(given: Sequence[str], strategy: str) -> Folders | None:
    """Return the folder of the saved model, or one per symbol; None if none is given.

    Parameters
    ----------
    given : sequence of str
        A folder or URL, or SYMBOL=FOLDER for each of several. ``auto`` means models/STRATEGY if it
        exists. A URL is resolved to its current model, which is pulled.
    strategy : str

    Raises
    ------
    OptionError
        For several without symbols, a repeated symbol, and an incomplete pair.
    HubError, BundleError, ModelCompatibilityError
        For a URL, as `bt_fusion.hub.pull_model`.

    Examples
    --------
    >>> model_folders(["BTC=models/btc", "ETH=models/eth"], "fusion")
    {'BTC': 'models/btc', 'ETH': 'models/eth'}
    >>> model_folders(["models/mine"], "fusion"), model_folders([], "fusion")
    ('models/mine', None)
    """
    found = by_symbol(given, "model", "DIR", EXAMPLE)
    if "" in found:
        return _only(found[""], strategy)
    return {symbol: pinned_model(place) for symbol, place in found.items()} or None


def load_models(
    folders: Folders, others: Mapping[str, pd.DataFrame] | None = None
) -> SignalModel | dict[str, SignalModel]:
    """Load the saved model, or one per symbol, with the bars of other markets."""
    if isinstance(folders, Mapping):
        return {name: SignalModel.load(folder, others=others) for name, folder in folders.items()}
    return SignalModel.load(folders, others=others)


def _only(text: str, strategy: str) -> str | None:
    if text != "auto":
        return pinned_model(text)
    folder = Path("models") / strategy
    return str(folder) if folder.is_dir() else None
