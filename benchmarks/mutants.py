"""``python -m benchmarks.mutants``: faults planted in the purge; a test has to fail for each.

A mutant changes one place of the code so that a model sees what it is judged by. Each is put into
a copy of the repository whose tests then run; a mutant that no test kills is a finding.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import ROOT

__all__ = ["MUTANTS", "Mutant", "run"]

PATIENCE = 600  # seconds the tests of a mutant may take
WALK = ("tests/models/test_walk_forward.py", "tests/test_purge_sets.py")
LIVE = ("tests/test_parity.py", "tests/test_purge_sets.py")
FOLDS = ("tests/models/test_splits.py", "tests/test_purge_sets.py")
ENSEMBLE, LEAKS = "tests/ensemble/", ("tests/test_leaks.py", "tests/test_purge_sets.py")
MODEL, LEARN = "bt_fusion/models", "bt_fusion/ensemble"
TRANSFORM = "X, labels = model.feature_set().transform(arrays), labels_of(label, arrays)\n"


@dataclass(frozen=True)
class Mutant:
    """A fault to plant.

    Attributes
    ----------
    name : str
    file : str
        Below the repository.
    old, new : str
        Text that stands there once, and what takes its place.
    tests : tuple of str
        Where a test has to fail.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, root: Path) -> str:
        """Change the file below a folder; return what it held.

        Raises
        ------
        LookupError
            When the text does not stand there exactly once.
        """
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise LookupError(
                f"mutant {self.name!r}: {self.file} holds {self.old!r} {text.count(self.old)} "
                "times, not once; write the mutant anew"
            )
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")
        return text


def over_all_bars(line: str) -> str:
    """Return the line that computes features, and another that fits something on all of them."""
    return f"{TRANSFORM}        {line}\n"


MUTANTS = (
    # the rows of a refit
    *(
        Mutant(name, f"{MODEL}/signal_model.py", old, new, WALK)
        for name, old, new in (
            ("t0 for t1", "(labels.t1[rows] < cut)", "(rows < cut)"),
            ("t1 at the cut", "(labels.t1[rows] < cut)", "(labels.t1[rows] <= cut)"),
            ("gap one short", "min(cut - horizon, len(", "min(cut - horizon + 1, len("),
            ("no gap", "min(cut - horizon, len(", "min(cut, len("),
            ("embargo skipped", "cut = refit - embargo", "cut = refit"),
            ("bar of trained_until predicted", "> self.trained_until_", ">= self.trained_until_"),
            (
                "trained_until by t0",
                "arrays.time[labels.t1[rows].max()]",
                "arrays.time[rows.max()]",
            ),
        )
    ),
    *(
        Mutant(name, f"{MODEL}/walk_forward.py", old, new, WALK)
        for name, old, new in (
            (
                "refit sees what it predicts",
                "refit.start, refit.bar, self",
                "refit.start, refit.stop, self",
            ),
            (
                "refit sees its first bar",
                "refit.start, refit.bar, self",
                "refit.start, refit.bar + 1, self",
            ),
            ("walk without its embargo", "refit.bar, self.embargo_bars", "refit.bar, 0"),
            (
                "walk's trained_until by t0",
                "arrays.time[labels.t1[rows].max()]",
                "arrays.time[rows.max()]",
            ),
            (
                "payoff of test rows",
                "Payoff.learn(label, arrays, labels, rows)",
                "Payoff.learn(label, arrays, labels, np.flatnonzero(np.isfinite(labels.y)))",
            ),
            (
                "payoff of the block",
                "Payoff.learn(label, arrays, labels, rows)",
                "Payoff.learn(label, arrays, labels, np.arange(refit.bar, refit.stop - 40))",
            ),
            (
                "scaler over all",
                TRANSFORM,
                over_all_bars("X = (X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0)"),
            ),
            (
                "imputer over all",
                TRANSFORM,
                over_all_bars("X = np.where(np.isnan(X), np.nanmean(X, axis=0), X)"),
            ),
            (
                "selector over all",
                TRANSFORM,
                over_all_bars(
                    "X[:, np.argmin([np.nanmean(c * (labels.y - 0.5)) for c in X.T])] = 0"
                ),
            ),
            (
                "cache of another window",
                "store.get(task.refit.key)",
                "store.get(tasks[0].refit.key)",
            ),
        )
    ),
    *(
        Mutant(name, f"{MODEL}/refit.py", old, new, WALK)
        for name, old, new in (
            (
                "cache forgets the block",
                "array_digest(trained_on, out_of_sample.X, out_of_sample.at)",
                "trained_on",
            ),
            ("cache forgets the labels", "learnt.at, y, t1)", "learnt.at)"),
            ("cache forgets the rows", "learnt.X, learnt.at, y, t1)", "y, t1)"),
        )
    ),
    Mutant(
        "live refit without its embargo",
        f"{MODEL}/streaming/walk_forward_stream.py",
        "seen[: len(seen) - walk.embargo_bars]",
        "seen",
        LIVE,
    ),
    Mutant(
        "live refit a bar early",
        f"{MODEL}/streaming/walk_forward_stream.py",
        "- walk.embargo_bars]",
        "- walk.embargo_bars - 1]",
        LIVE,
    ),
    # folds of tuning and cross-validation
    *(
        Mutant(name, f"{MODEL}/splits.py", old, new, FOLDS)
        for name, old, new in (
            (
                "fold's t0 for its ends",
                "return np.maximum(self.labels.t1[self.rows], self.rows + self.horizon)",
                "return self.rows",
            ),
            (
                "fold's t1 alone",
                "return np.maximum(self.labels.t1[self.rows], self.rows + self.horizon)",
                "return self.labels.t1[self.rows]",
            ),
            ("fold's gap one short", "data.ends + 1", "data.ends"),
            ("fold's embargo skipped", "if embargo_bars else None", "if False else None"),
            (
                "fold's embargo one short",
                "TICKS * embargo_bars - 1",
                "TICKS * (embargo_bars - 1) + 1 - TICKS",
            ),
            (
                "rows at the date",
                "self.arrays.time[self.rows] > time",
                "self.arrays.time[self.rows] >= time",
            ),
            (
                "rows before, gap one short",
                "(self.rows < bar - self.horizon)",
                "(self.rows <= bar - self.horizon)",
            ),
            (
                "rows before, t1 at the bar",
                "(self.labels.t1[self.rows] < bar)",
                "(self.labels.t1[self.rows] <= bar)",
            ),
            (
                "fold learns from itself",
                "    train, test = split\n",
                "    train, test = np.union1d(*split), split[1]\n",
            ),
        )
    ),
    Mutant(
        "study without its embargo",
        "bt_fusion/tuning/tuning.py",
        "options.folds, options.embargo_bars)",
        "options.folds)",
        ("tests/tuning/test_tuning.py", "tests/test_purge_sets.py"),
    ),
    # training rows split in time
    *(
        Mutant(name, f"{LEARN}/training.py", old, new, (ENSEMBLE + "test_training.py", *LEAKS))
        for name, old, new in (
            ("early rows without gap", "slice(0, late - purge), slice", "slice(0, late), slice"),
            (
                "early rows' gap one short",
                "slice(0, late - purge), slice",
                "slice(0, late - purge + 1), slice",
            ),
            ("no early row at all", "late <= purge", "late < purge"),
        )
    ),
    *(
        Mutant(
            name, f"{LEARN}/calibration.py", old, new, (ENSEMBLE + "test_calibration.py", *LEAKS)
        )
        for name, old, new in (
            (
                "calibrated fit saw the map's rows",
                "fit_member(estimator, early)",
                "fit_member(estimator, prepare(training))",
            ),
            (
                "map learnt on training rows",
                "training[before], training[last]",
                "training[before], training[before]",
            ),
            (
                "outliers by the map's rows",
                "early, maps = prepare(early), {}",
                "early, maps = prepare(training)[: len(prepare(early))], {}",
            ),
        )
    ),
    *(
        Mutant(
            name,
            f"{LEARN}/members/best_member.py",
            old,
            new,
            (ENSEMBLE + "members/test_best_member.py",),
        )
        for name, old, new in (
            ("choice without gap", "(self.folds, gap=training.purge)", "(self.folds)"),
            (
                "choice by rows learnt",
                "make_candidate(name, self.seed), training[before])",
                "make_candidate(name, self.seed), training)",
            ),
        )
    ),
    Mutant(
        "SVM's map learnt on training rows",
        f"{LEARN}/members/svm.py",
        "self._fit_pipeline(X[early], codes[early], weight)",
        "self._fit_pipeline(X, codes, sample_weight)",
        (ENSEMBLE + "members/test_svm.py", *LEAKS),
    ),
    *(
        Mutant(name, f"{LEARN}/members/lstm.py", old, new, (ENSEMBLE + "members/test_lstm.py",))
        for name, old, new in (
            (
                "LSTM's scaler over all bars",
                ".fit(X[rows[early]])",
                ".fit(X[np.isfinite(X).all(axis=1)])",
            ),
            ("LSTM's scaler over held-out rows", ".fit(X[rows[early]])", ".fit(X[rows])"),
            (
                "early stopping on rows learnt",
                "for part in (early, late)\n",
                "for part in (early, early)\n",
            ),
            (
                "early stopping's rows learnt",
                "for part in (early, late)\n",
                "for part in (slice(0, len(rows)), late)\n",
            ),
        )
    ),
)


def killer(mutant: Mutant, root: Path) -> str:
    """Return the test that fails with a mutant in place, or nothing where all pass."""
    before = mutant.apply(root)
    words = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests]
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    finally:
        (root / mutant.file).write_text(before, encoding="utf-8")
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    if done.returncode not in (0, 1) and failed is None:
        raise RuntimeError(f"mutant {mutant.name!r}: pytest says {done.stdout[-500:]}")
    return failed[1] if failed else ""


def run(mutants: tuple[Mutant, ...] = MUTANTS) -> dict[str, str]:
    """Return what killed each mutant, nothing for one that lives; print as it goes."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "copy"
        left_out = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "results")
        shutil.copytree(ROOT, root, ignore=left_out)
        for mutant in mutants:
            start = time.perf_counter()
            found[mutant.name] = killer(mutant, root)
            seconds = time.perf_counter() - start
            killed = found[mutant.name] or "ALIVE"
            print(f"{mutant.name:36} {killed} ({seconds:.0f} s)", flush=True)
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the mutants whose names hold a text, all by default, and count the living."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", nargs="?", default="")
    given = parser.parse_args(argv)
    found = run(tuple(mutant for mutant in MUTANTS if given.text in mutant.name))
    alive = [name for name, by in found.items() if not by]
    print(f"{len(found)} mutants, {len(found) - len(alive)} killed, alive: {alive or 'none'}")
    return int(bool(alive))


if __name__ == "__main__":
    raise SystemExit(main())
