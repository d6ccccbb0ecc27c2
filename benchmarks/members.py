"""Every member and preset on the last fifth of some bars, and what the ensemble's frame costs.

``python -m benchmarks.members --data PATH [--json FILE]``. Each model is fitted once on the first
four fifths (the label's horizon left out between) and never sees the rest.
"""

import argparse
import json
import time
import warnings
from collections.abc import Iterator

import numpy as np

from bt_fusion.data.bars import BarArrays, check_bars
from bt_fusion.data.readers import read_bars
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.ensemble.members.registry import MEMBERS, make_member
from bt_fusion.ensemble.training import TrainingRows, fit_member
from bt_fusion.evaluation import classification_figures
from bt_fusion.features import FeatureSet, complete_rows
from bt_fusion.labels import LABELS, Direction
from bt_fusion.models.presets import PRESETS, make_preset
from bt_fusion.models.signal_model import SignalModel, training_rows

UNSEEN = 0.2
SHOWN = ("auc", "brier", "accuracy", "f1")


def models() -> Iterator[tuple[str, SignalModel]]:
    """Yield each member alone (features default, 5-bar direction), then each preset."""
    for name in MEMBERS:
        yield f"member {name}", SignalModel(ensemble=Ensemble((name,)))
        calibrated = Ensemble((name,), calibration="sigmoid")
        yield f"member {name}, calibrated", SignalModel(ensemble=calibrated)
    for name in PRESETS:
        model = make_preset(name)
        if not isinstance(model.labels, str) or model.labels in LABELS:
            yield f"preset {name}", model


def judge(model: SignalModel, arrays: BarArrays) -> dict[str, float]:
    """Fit on the first bars and compare predictions of the last ones with what came."""
    cut = len(arrays) - round(len(arrays) * UNSEEN)  # as `train` cuts
    started = time.perf_counter()
    model.fit_arrays(arrays[:cut])
    fitted = time.perf_counter()
    predictions = model.predict_arrays(arrays)
    figures = classification_figures(predictions[cut:], _after(model.label()(arrays), cut))
    return {
        **figures,
        "trained_on": model.n_rows_,
        "fit_s": fitted - started,
        "predict_s": time.perf_counter() - fitted,
    }


def frame_cost(name: str, arrays: BarArrays, rounds: int = 5) -> float:
    """Return the median ratio of fitting a member in an ensemble to fitting it bare."""
    label, X = Direction(5), FeatureSet().transform(arrays)
    labels = label(arrays)
    rows = training_rows(complete_rows(X), labels, 5, 0, len(arrays))
    y, t1 = labels.y[rows], labels.t1[rows]
    bare_rows = TrainingRows(X, rows, y.astype(np.int64), t1, 5)
    bare_rows.matrix  # noqa: B018  (made before the clock starts)
    ratios = []
    for _ in range(rounds):
        started = time.process_time()
        fit_member(make_member(name), bare_rows)
        bare = time.process_time()
        Ensemble((name,)).fit(X, y, rows=rows, t1=t1, purge=5)
        ratios.append((time.process_time() - bare) / (bare - started))
    return float(np.median(ratios))


def _after(labels, cut: int):
    return type(labels)(labels.y[cut:], labels.t1[cut:])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="CSV or Parquet file of bars")
    parser.add_argument("--json", help="file to write the figures to")
    parser.add_argument("--only", default="", help="models whose name holds this")
    options = parser.parse_args(argv)
    arrays = BarArrays.of(check_bars(read_bars(options.data, repair=True)))
    found: dict[str, dict[str, float]] = {}
    print(f"{'':26}{'rows':>7}" + "".join(f"{name:>10}" for name in SHOWN) + f"{'fit s':>8}")
    for name, model in models():
        if options.only in name:
            found[name] = judge(model, arrays)
            shown = "".join(f"{found[name][figure]:10.4f}" for figure in SHOWN)
            rows, seconds = found[name]["rows"], found[name]["fit_s"]
            print(f"{name:26}{rows:7}{shown}{seconds:8.1f}", flush=True)
    for name in MEMBERS:
        if options.only in f"frame {name}":
            ratio = frame_cost(name, arrays[:8_000])
            found[f"frame {name}"] = {"ratio": ratio}
            print(f"fit in an ensemble / bare fit, {name}: {ratio:.3f}", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    warnings.simplefilter("default")
    main()
