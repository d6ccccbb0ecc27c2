"""Text of the AUC within refits and the pooled AUC."""

from typing import Any

from bt_fusion.report.figures import cell, decimals

__all__ = ["refit_auc_text", "refit_auc_texts"]

score = decimals(3)


def refit_auc_texts(summary: dict[str, Any]) -> dict[str, str]:
    """Return `refit_auc_text` by symbol, with all symbols together first under "".

    Nothing of a saved model, which is never refitted, nor of a summary that does not tell it.
    """
    models = {"": summary["model"]}
    models |= {name: part["model"] for name, part in (summary.get("symbols") or {}).items()}
    with_aucs = {name: model for name, model in models.items() if model.get("refit_auc")}
    return {name: refit_auc_text(model) for name, model in with_aucs.items() if model["refits"]}


def refit_auc_text(model: dict[str, Any]) -> str:
    """Write the AUC of all predictions pooled, and within refits with the lowest and the highest.

    Parameters
    ----------
    model : dict
        Of summary.json.

    Examples
    --------
    >>> found = {"within": 0.54, "lowest": 0.49, "highest": 0.61, "refits": 24, "each": [{}] * 25}
    >>> refit_auc_text({"auc": 0.53, "refit_auc": found})
    'AUC 0.530 pooled; 0.540 within refits (0.490 to 0.610 over 24 of 25), where 0.5 is chance'
    """
    found = model["refit_auc"]
    pooled = f"AUC {cell(model['auc'], score)} pooled"
    if not found["refits"]:
        return f"{pooled}; none within refits, each has too few rows"
    measured, every = found["refits"], len(found["each"])
    over = f"{measured} of {every}" if measured < every else f"{measured}"
    lowest, highest = (score(found[name]) for name in ("lowest", "highest"))
    return (
        f"{pooled}; {score(found['within'])} within refits ({lowest} to {highest} over {over}), "
        "where 0.5 is chance"
    )
