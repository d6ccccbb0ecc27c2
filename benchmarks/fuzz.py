"""``python -m benchmarks.fuzz``: broken input by chance; each ends in our errors or in an answer.

Files of bars, options in TOML, folders of runs, entries of the cache and manifests of models are
changed at random places, by a seed. A traceback or a case that takes too long is a finding.
"""

import argparse
import contextlib
import gzip
import io
import json
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from bt_fusion import (
    Backtest,
    BtFusionError,
    Ensemble,
    SignalModel,
    WalkForward,
    check_bars,
    read_bars,
)
from bt_fusion.bundle import describe
from bt_fusion.bundle.manifest import BLANK, manifest_digest
from bt_fusion.cli.main import main as command
from bt_fusion.data.samples import planted_edge
from bt_fusion.models.refit_cache import ArrayCache

PATIENCE = 60  # seconds until a case counts as hanging
ODD: list[Any] = [None, 5, -1, 1.5, 1e308, "x", "", "9" * 400, [], [1], {}, {"a": 1}, True]
TEXTS = [",", ";", "\n", '"', "-", "1e400", "nan", "\t", "'", "0", "99999999999999999999", "\ufeff"]
OPTIONS = {
    "data": "planted-edge:300",
    "members": "lr",
    "features": "gap",
    "train-bars": 100,
    "seed": 0,
    "horizon": 5,
    "cash": 1000.0,
    "fromdate": "2024-01-01",
    "param": ["ema_fast=3"],
    "label": "direction",
    "jobs": 1,
}


def main() -> None:
    """Run so many cases and print what is neither an error of ours nor an answer."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found = run(given.cases, given.seed)
    for line in found:
        print(line)
    print(f"{len(KINDS)} kinds, {given.cases} cases of each: {len(found)} findings")
    raise SystemExit(bool(found))


def run(cases: int, seed: int) -> list[str]:
    """Return one line for each case that ends otherwise than it may."""
    findings = []
    with tempfile.TemporaryDirectory() as name:
        made = make_originals(Path(name))
        for kind, fuzz in KINDS.items():
            for case in range(cases):
                place = Path(name) / "case"
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                outcome = outcome_of(fuzz, made, place, Random(f"{kind} {seed} {case}"))
                findings += [f"{kind} {seed} {case}: {outcome}"] if outcome else []
    return findings


def make_originals(folder: Path) -> Path:
    """Make what is broken afterwards: a file of bars, a run, a model."""
    bars = planted_edge(500, seed=1, auc=0.8)
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lr"]))
    bars[:50].to_csv(folder / "bars.csv")
    walk = WalkForward(model, 200, 100, cache=None)
    job = Backtest(walk, draws=20, placebo="none", params={"ml_threshold": 0.5})
    job.run(bars, "edge").write(folder / "run")
    model.fit(bars[:300]).save(folder / "model")
    return folder


def outcome_of(fuzz: Callable[..., None], made: Path, place: Path, rng: Random) -> str:
    """Return what went wrong in a case, nothing where it ended as it may."""
    try:
        with time_limit(), contextlib.redirect_stdout(io.StringIO()):
            fuzz(made, place, rng)
    except BtFusionError as error:
        return "" if str(error) else "an error without a word"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """Raise TimeoutError where the block hangs."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"no end after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz_readers(made: Path, place: Path, rng: Random) -> None:
    """Read a CSV file with changed characters, cut, packed, or repaired."""
    text = (made / "bars.csv").read_text()
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(TEXTS) + text[at + rng.randint(0, 3) :]
    data = text.encode()
    if rng.random() < 0.2:
        data = gzip.compress(data)[: rng.randint(10, 3_000)]
    (place / "bars.csv").write_bytes(data)
    check_bars(read_bars(place / "bars.csv", repair=rng.random() < 0.5))


def fuzz_options(made: Path, place: Path, rng: Random) -> None:
    """Run a backtest by a TOML file with odd values; it ends with 0, or with 2 and a reason."""
    options = OPTIONS | {rng.choice([*OPTIONS]): rng.choice(ODD) for _ in range(2)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    (place / "job.toml").write_text("\n".join(line for line in lines if "null" not in line))
    words = ["--out", place / "out", "--cache", "none", "--placebo", "none", "--no-report", "-q"]
    words += ["--overwrite"]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            command(["backtest", "--config", *map(str, (place / "job.toml", *words))])
    except SystemExit as end:
        if end.code not in (0, None) and not (end.code == 2 and "rror: " in said.getvalue()):
            raise RuntimeError(f"ended with {end.code}: {said.getvalue()[-200:]}") from end


def fuzz_runs(made: Path, place: Path, rng: Random) -> None:
    """Explain a trade of a run with a changed summary or a damaged table."""
    from bt_fusion import explain_entry

    folder = Path(shutil.copytree(made / "run", place / "run"))
    path = rng.choice(
        [*folder.glob("*.csv"), *folder.glob("pred*.parquet"), folder / "summary.json"]
    )
    if path.suffix == ".json":
        path.write_text(json.dumps(changed(json.loads(path.read_text()), rng)))
    else:
        path.write_bytes(flipped(path.read_bytes(), rng))
    explain_entry(folder, trade=1)


def fuzz_cache(made: Path, place: Path, rng: Random) -> None:
    """Get an entry of the cache that was damaged: what was put, or nothing."""
    cache, array = ArrayCache(place), np.arange(50.0)
    cache.put("abc", array)
    (path,) = place.rglob("*.npy")
    path.write_bytes(flipped(path.read_bytes(), rng))
    found = cache.get("abc")
    if found is not None and not np.array_equal(found, array):
        raise AssertionError(f"another array came back: {found}")


def fuzz_models(made: Path, place: Path, rng: Random) -> None:
    """Show and load a model whose manifest was changed and sealed again."""
    folder = Path(shutil.copytree(made / "model", place / "model"))
    path = folder / "manifest.json"
    path.write_bytes(sealed(changed(json.loads(path.read_text()), rng)))
    describe(folder)
    SignalModel.load(folder)


def sealed(content: dict[str, Any]) -> bytes:
    """Return a manifest as plain JSON with the digest that it should have, whatever it holds."""
    data = json.dumps({**content, "digest": BLANK}).encode()
    return data.replace(BLANK.encode(), manifest_digest(data, BLANK).encode(), 1)


def changed(content: Any, rng: Random) -> Any:
    """Return JSON with one value, somewhere inside, that is another or missing."""
    part, key = content, rng.choice([*content])
    while isinstance(part[key], (dict, list)) and part[key] and rng.random() < 0.8:
        part = part[key]
        key = rng.choice([*part]) if isinstance(part, dict) else rng.randrange(len(part))
    if rng.random() < 0.2:
        part.pop(key)
    else:
        part[key] = rng.choice(ODD)
    return content


def flipped(data: bytes, rng: Random) -> bytes:
    """Return bytes of which some are others, or which are cut."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        made[rng.randrange(len(made))] = rng.randrange(256)
    return bytes(made[: rng.randint(0, len(made))] if rng.random() < 0.2 else made)


KINDS: dict[str, Callable[[Path, Path, Random], None]] = {
    "readers": fuzz_readers,
    "options": fuzz_options,
    "runs": fuzz_runs,
    "cache": fuzz_cache,
    "models": fuzz_models,
}

if __name__ == "__main__":
    main()
