"""Histogram forests against scikit-learn's, alone and in the ensemble, by walk-forward log loss.

``python -m benchmarks.forests --data BTCUSDT_1h.csv`` repeats the tables of docs/defaults.md.

The rule, set before measuring: the default `rf` is the fastest forest that is not worse than
scikit-learn's. Not worse: over the six data sets together the mean difference in log loss is at
most one standard error above zero, alone as well as in the ensemble. Rare classes and a short
window are measured beside them, on made-up rows, since the six data sets have none.
"""

import argparse
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.metrics import roc_auc_score
from xgboost import XGBRFClassifier

from benchmarks.p5_walk_forward import bare_blocks
from bt_fusion import WalkForward
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.readers import read_bars
from bt_fusion.data.samples import nasdaq, planted_edge, sp500
from bt_fusion.ensemble.members.histogram_forest import HistogramForest
from bt_fusion.ensemble.members.registry import SKLEARN_FOREST, make_member
from bt_fusion.features import complete_rows

HALF = 28_000  # bars of each BTCUSDT set
BLOCK = 50  # rows whose losses may hang together: ten horizons
LIGHTGBM = {
    "boosting_type": "rf",
    "n_estimators": 100,
    "num_leaves": 64,
    "min_child_samples": 100,
    "subsample": 0.3,
    "subsample_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "n_jobs": 1,
    "verbose": -1,
}
XGBOOST = {
    "n_estimators": 100,
    "max_depth": 10,
    "min_child_weight": 25,  # 100 rows of an even class weigh 25
    "subsample": 0.3,
    "tree_method": "hist",
    "n_jobs": 1,
}
RARE = ((700, 0.8), (3_000, 1.8), (20_000, 2.0), (20_000, 3.0))  # rows, threshold of class 1


def forests(seed: int) -> dict[str, Any]:
    """Return the forests compared: 100 trees, 30 % of rows and features, leaves of 100 rows."""
    return {
        "scikit-learn": SKLEARN_FOREST.make(seed),
        "XGBRF, features a split": XGBRFClassifier(
            **XGBOOST, colsample_bynode=0.3, random_state=seed
        ),
        "XGBRF, features a tree": XGBRFClassifier(
            **XGBOOST, colsample_bynode=1.0, colsample_bytree=0.3, random_state=seed
        ),
        "LightGBM rf, features a split": LGBMClassifier(
            **LIGHTGBM, feature_fraction_bynode=0.3, random_state=seed
        ),
        "LightGBM rf, features a tree": LGBMClassifier(
            **LIGHTGBM, colsample_bytree=0.3, random_state=seed
        ),
        "shares, 30 % of the rows": HistogramForest(
            max_samples=0.3, max_bin=256, random_state=seed
        ),
        "shares, 26 % of the rows": HistogramForest(max_bin=256, random_state=seed),
        "shares, 26 %, 64 bins": HistogramForest(random_state=seed),
    }


def data_sets(path: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the six data sets of docs/defaults.md."""
    yield "S&P 500", sp500()
    yield "NASDAQ", nasdaq()
    yield "edge 0", planted_edge(seed=0)
    yield "edge 1", planted_edge(seed=1)
    bars = read_bars(path, repair=True)
    yield "BTC first", bars[:HALF]
    yield "BTC last", bars[-HALF:]


def compare(bars: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return the actual classes of the unseen rows, and each member's P(up) and seconds a refit."""
    walk = WalkForward(cache=None)
    members = {**forests(seed), "xgb": make_member("xgb", seed), "lgb": make_member("lgb", seed)}
    found: dict[str, Any] = {"up": {name: [] for name in members}, "actual": []}
    seconds = dict.fromkeys(members, 0.0)
    blocks = list(bare_blocks(walk, bars))
    for (X, y, unseen), actual in zip(blocks, actual_classes(walk, bars), strict=True):
        known = np.isfinite(actual)
        found["actual"].append(actual[known])
        for name, member in members.items():
            started = time.process_time()
            up = member.fit(X, y).predict_proba(unseen)[:, 1]
            seconds[name] += time.process_time() - started
            found["up"][name].append(up[known])
    found["actual"] = np.concatenate(found["actual"])
    found["up"] = {name: np.concatenate(parts) for name, parts in found["up"].items()}
    found["seconds"] = {name: spent / len(blocks) for name, spent in seconds.items()}
    return found


def actual_classes(walk: WalkForward, bars: pd.DataFrame) -> Iterator[np.ndarray]:
    """Yield the classes of the rows that each refit predicts, NaN where not known."""
    model, arrays = walk.signal_model(), BarArrays.of(bars)
    y = model.label()(arrays).y
    complete = complete_rows(model.feature_set().transform(arrays))
    for refit in walk.schedule(len(bars)):
        yield y[refit.bar : refit.stop][complete[refit.bar : refit.stop]]


def losses(actual: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return minus the logarithm of the probability given to each row's class."""
    return -np.log(np.where(actual == 1, up, 1 - up))


def judge(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each forest's figures, alone and in the ensemble of three."""
    actual, up = found["actual"], found["up"]
    figures: dict[str, dict[str, Any]] = {}
    for name in forests(0):
        together = (up[name] + up["xgb"] + up["lgb"]) / 3
        figures[name] = {
            "auc": roc_auc_score(actual, up[name]),
            "alone": losses(actual, up[name]),
            "ensemble_auc": roc_auc_score(actual, together),
            "ensemble": losses(actual, together),
            "seconds": found["seconds"][name],
        }
    return figures


def difference(one: list[np.ndarray], other: list[np.ndarray]) -> tuple[float, float]:
    """Return the mean over data sets of the mean difference, and its standard error by blocks."""
    means, variances = [], []
    for a, b in zip(one, other, strict=True):
        blocks = np.array_split(a - b, max(2, len(a) // BLOCK))
        each = np.array([block.mean() for block in blocks])
        means.append((a - b).mean())
        variances.append(each.var(ddof=1) / len(each))
    return float(np.mean(means)), float(np.sqrt(np.sum(variances)) / len(means))


def show(judged: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Print the tables and return their figures."""
    rows: dict[str, Any] = {}
    for name in forests(0):
        sets = [figures[name] for figures in judged.values()]
        first = [figures["scikit-learn"] for figures in judged.values()]
        rows[name] = {"seconds": [each["seconds"] for each in sets]}
        for kind, auc in (("alone", "auc"), ("ensemble", "ensemble_auc")):
            loss = [float(each[kind].mean()) for each in sets]
            mean, error = difference([s[kind] for s in sets], [f[kind] for f in first])
            score = [float(each[auc]) for each in sets]
            rows[name][kind] = {"log_loss": loss, "auc": score, "worse": mean, "error": error}
            cells = " | ".join(f"{a:.4f} {b:.3f}" for a, b in zip(loss, score, strict=True))
            print(f"{name}, {kind} | {cells} | {mean:+.5f} +- {error:.5f}")
        print(f"{name}, s a refit | " + " | ".join(f"{s:.2f}" for s in rows[name]["seconds"]))
    return rows


def show_rare(seed: int) -> dict[str, Any]:
    """Print log loss and mean P(1) of each forest on rows whose second class is rare."""
    found: dict[str, Any] = {}
    for rows, threshold in RARE:
        draw = np.random.default_rng(seed)
        X = draw.normal(size=(rows + 20_000, 12)).astype(np.float32)
        y = (X[:, 0] + draw.normal(size=len(X)) > threshold).astype(int)
        print(f"{rows:,} rows, share of class 1 {y[:rows].mean():.3f}")
        for name, forest in forests(seed).items():
            up = forest.fit(X[:rows], y[:rows]).predict_proba(X[rows:])[:, 1].astype(float)
            loss = float(losses(y[rows:], np.clip(up, 1e-9, 1 - 1e-9)).mean())
            found.setdefault(name, []).append((loss, float(up.mean())))
            print(f"  {name}: log loss {loss:.4f}, mean P(1) {up.mean():.3f}")
    return found


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="CSV or Parquet file of hourly BTCUSDT bars")
    parser.add_argument("--seed", type=int, default=0, help="of every member")
    parser.add_argument("--json", help="file to write the figures to")
    options = parser.parse_args(argv)
    judged = {}
    for name, bars in data_sets(options.data):
        judged[name] = judge(compare(bars, options.seed))
        print(f"{name}: done", flush=True)
    rows, rare = show(judged), show_rare(options.seed)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"sets": list(judged), "forests": rows, "rare": rare}, file, indent=1)


if __name__ == "__main__":
    main()
