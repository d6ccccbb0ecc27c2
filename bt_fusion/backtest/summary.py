"""Entries of summary.json: the data, each symbol, the signals, the model's configuration."""

from dataclasses import asdict
from hashlib import sha256
from typing import Any, TypeVar

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.model_figures import model_figures
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.engine.loading import STRATEGIES, load_strategy, strategy_name
from bt_fusion.engine.named_code import digests_of_code
from bt_fusion.engine.runner import Run, count_signals
from bt_fusion.fingerprint import library_versions
from bt_fusion.models.predictors import Predictor, model_of
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.plugins import files_behind
from bt_fusion.saved_runs.trade_groups import figures_of_symbol
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.user_code import class_digest

__all__ = [
    "add_data_audit",
    "code_config",
    "data_and_window",
    "data_entry",
    "model_config",
    "one_or_all",
    "plugin_config",
    "signals_of",
    "strategy_config",
    "symbol_parts",
    "versions",
]

NAMES = {"off": "technical", "on": "fused"}
LIBRARIES = (
    "bt-fusion",
    "backtrader",
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "TA-Lib",
)
Part = TypeVar("Part")


def data_entry(bars: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return the entry that identifies the bars, including their digest."""
    digest = sha256(bars.index.to_numpy().astype("datetime64[ns]").tobytes())
    digest.update(bars.to_numpy().tobytes())
    return {
        "name": name,
        "bars": len(bars),
        "start": bars.index[0],
        "end": bars.index[-1],
        "sha256": digest.hexdigest(),
    }


def data_and_window(out_of_sample: dict[str, OutOfSample]) -> dict[str, Any]:
    """Return data, window and in_sample of one symbol, or of several combined.

    For several, the name lists them, counts are sums, start and end are the earliest and latest,
    and the digest is that of their names and digests.
    """
    parts = [_one(symbol, part) for symbol, part in out_of_sample.items()]
    if len(parts) == 1:
        return parts[0]
    every = [part["data"] for part in parts]
    digest = sha256("".join(f"{data['name']}={data['sha256']};" for data in every).encode())
    return {
        "data": {"name": ", ".join(out_of_sample), **_span(every), "sha256": digest.hexdigest()},
        "window": _span([part["window"] for part in parts]),
        "in_sample": sum(part["in_sample"] for part in parts),
    }


def add_data_audit(summary: dict[str, Any], parts: dict[str, OutOfSample]) -> None:
    """Add the bar audit of each symbol to a summary, including training bars."""
    found = {symbol: audit_bars(part.whole).to_dict() for symbol, part in parts.items()}
    summary["audit"] = {"data": one_or_all(found)}


def signals_of(runs: dict[str, Run]) -> dict[str, dict[int, int]]:
    """Count the bars of each signal, technical (ML-off) and fused (ML-on)."""
    return {NAMES[run]: runs[run].signal_counts for run in runs if runs[run].signal is not None}


def symbol_parts(
    predictor: Predictor, out_of_sample: dict[str, OutOfSample], runs: dict[str, Run]
) -> dict[str, dict[str, Any]]:
    """Return for each symbol its data, window, model, signals, and closed trades off and on."""
    parts = {}
    for symbol, part in out_of_sample.items():
        signals = {name: run.signal for name, run in runs.items() if run.signal is not None}
        counts = {NAMES[name]: count_signals(signal[symbol]) for name, signal in signals.items()}
        traded = {f"ml_{name}": figures_of_symbol(run.trades, symbol) for name, run in runs.items()}
        parts[symbol] = {
            **_one(symbol, part),
            "model": model_figures(predictor, {symbol: part}),
            "signals": counts,
            **traded,
        }
    return parts


def one_or_all(parts: dict[str, Part]) -> Part | dict[str, Part]:
    """Return the part of the only symbol, or all parts by symbol.

    >>> one_or_all({"A": 1}), one_or_all({"A": 1, "B": 2})
    (1, {'A': 1, 'B': 2})
    """
    return parts if len(parts) > 1 else next(iter(parts.values()))


def _one(symbol: str, part: OutOfSample) -> dict[str, Any]:
    bars = part.bars
    return {
        "data": data_entry(part.whole, symbol),
        "window": {"start": bars.index[0], "end": bars.index[-1], "bars": len(bars)},
        "in_sample": part.in_sample,
    }


def _span(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Combine stretches of bars."""
    return {
        "bars": sum(part["bars"] for part in parts),
        "start": min(part["start"] for part in parts),
        "end": max(part["end"] for part in parts),
    }


def model_config(bars: dict[str, int], predictor: Predictor) -> dict[str, Any]:
    """Return the model's parts and its training schedule or training data.

    Parameters
    ----------
    bars : dict of int
        Number of bars of each symbol.
    predictor : WalkForward, SignalModel, or dict of SignalModel
        For several symbols, differing entries are by symbol: sizes that depend on the number of
        bars, and with one model per symbol also its features, ensemble and training time.
    """
    model = model_of(predictor)
    label = model.label()
    about: dict[str, Any] = {
        "label": type(label).__name__,
        "label_parameters": asdict(label),  # type: ignore[call-overload]
    }
    if isinstance(model, ManagedModel):
        about["managed"] = model.options()
    if isinstance(predictor, WalkForward):
        return {**about, **_parts(predictor.signal_model()), **_schedule(bars, predictor)}
    if isinstance(predictor, SignalModel):
        return {**about, **_fitted(predictor)}
    each = {symbol: _fitted(predictor[symbol]) for symbol in bars}
    for name in next(iter(each.values())):
        about[name] = one_or_all({symbol: own[name] for symbol, own in each.items()})
    return about


def strategy_config(strategy: str | type[Strategy]) -> dict[str, str]:
    """Return the name of a strategy, and the code digest of a user's class."""
    name = strategy_name(strategy)
    if isinstance(strategy, str) or name in STRATEGIES:
        return {"strategy": name}
    return {"strategy": name, "code": class_digest(load_strategy(strategy))}


def code_config(strategy: str | type[Strategy], source: dict[str, Any]) -> dict[str, Any]:
    """Return the digests of the user's files that a run names, empty for none."""
    named = (strategy_name(strategy), source.get("sizer"), *source.get("plugins", ()))
    digests = digests_of_code(named)
    return {"code_sha256": digests} if digests else {}


def plugin_config(model: SignalModel) -> dict[str, Any]:
    """Return the user's files a model needs, with their digests; empty for none."""
    files = files_behind(model)
    return {"plugins": files} if files else {}


def versions() -> dict[str, str]:
    """Return the versions of the libraries that figures depend on."""
    return library_versions(*LIBRARIES)


def _parts(model: SignalModel) -> dict[str, Any]:
    plain = isinstance(model.features, str) and not (model.timeframes or model.others)
    others = {name: data_entry(bars, name) for name, bars in (model.others or {}).items()}
    return {
        "features": model.features if plain else list(model.feature_set().names),
        **({"others": others} if others else {}),
        "ensemble": model.new_ensemble().get_params(deep=False),
    }


def _fitted(model: SignalModel) -> dict[str, Any]:
    return {
        **_parts(model),
        "trained_until": pd.Timestamp(model.trained_until_),
        "tuning_trials": getattr(model, "trials_", 0),
    }


def _schedule(bars: dict[str, int], walk: WalkForward) -> dict[str, Any]:
    sizes = {symbol: walk.sizes(count) for symbol, count in bars.items()}
    trials = getattr(walk.signal_model(), "trials_", 0)  # of a recipe
    return {
        "train_bars": one_or_all({symbol: train for symbol, (train, _) in sizes.items()}),
        "refit_bars": one_or_all({symbol: refit for symbol, (_, refit) in sizes.items()}),
        "window": walk.window,
        "embargo_bars": walk.embargo_bars,
        **({"tuning_trials": trials} if trials else {}),
    }
