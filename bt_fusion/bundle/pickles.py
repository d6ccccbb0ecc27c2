"""Models of other people in joblib pickles, which run code when opened."""

from pathlib import Path
from typing import Any

from bt_fusion.errors import BundleError, OptionError

__all__ = ["load_pickle"]


def load_pickle(path: str | Path, *, trust_pickle: bool = False) -> Any:
    """Open a joblib pickle of a scikit-learn classifier.

    A pickle can run any code. Nothing in bt_fusion calls this function; its result can be a member:
    ``Ensemble({"theirs": load_pickle(path, trust_pickle=True)})``.

    Parameters
    ----------
    path : path
    trust_pickle : bool
        Confirm that you trust the file's maker as you trust the code you run.

    Raises
    ------
    OptionError
        Without `trust_pickle=True`.
    BundleError
        If it cannot be opened, or does not predict probabilities.
    """
    if trust_pickle is not True:
        raise OptionError(
            f"{path} is a pickle, which can run any code when it is opened; give trust_pickle=True "
            "if you trust its maker, or ask for a model saved by bt_fusion"
        )
    import joblib

    try:
        model = joblib.load(path)
    except Exception as error:
        raise BundleError(f"{path} cannot be opened as a joblib pickle: {error}") from error
    if not hasattr(model, "predict_proba"):
        raise BundleError(f"{path} holds a {type(model).__name__}, which has no predict_proba")
    return model
