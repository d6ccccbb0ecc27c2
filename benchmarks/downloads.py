"""downloads: candles that are lost, twice or unfinished after downloads that were killed."""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pandas as pd

from benchmarks.loopback_exchange import LoopbackExchange
from benchmarks.registry import Measured, Ratio
from bt_fusion.data.readers import read_bars

__all__ = ["Trial", "measure"]

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("duplicated", "missing", "unfinished", "different", "left over", "failed runs")
LENGTHS = {"1m": 12, "5m": 45, "15m": 120, "1h": 151}  # days, of 4 to 17 requests
LAST_RUN = 240  # seconds


def measure(trials: int = 100, first: int = 0) -> Measured:
    """Count over randomised downloads, each killed up to four times and begun again.

    Each trial has an exchange with gaps, a length of candles, a first day, and faults at one
    request in twelve, all drawn at random. SIGKILL comes up to a fifth of a second after a request
    drawn at random, the last one included, unless the run ends before; the exchange's clock moves
    on in between. The file that the last run writes is compared with what the exchange has.
    """
    wrong: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    start = time.monotonic()
    for number in range(first, first + trials):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), Random(number))
            trial.run()
        wrong.update(trial.wrong)
        parts.update(candles=trial.candles, kills=trial.kills, killed=trial.kills > 0)
        parts["requests"] += trial.requests
    ratios = tuple(Ratio(kind, float(wrong[kind]), most=0) for kind in KINDS)
    return Measured(
        f"{trials} downloads from an exchange on the loopback address, killed and begun again",
        {**parts, "total_s": time.monotonic() - start},
        ratios,
    )


@dataclass
class Trial:
    """One download that is killed and begun again.

    Attributes
    ----------
    folder : Path
        Empty; for the cache and the file.
    draw : Random
    wrong : Counter of str
        What was found wrong, by kind.
    """

    folder: Path
    draw: Random
    wrong: Counter[str] = field(default_factory=Counter)
    candles: int = 0
    kills: int = 0
    requests: int = 0

    def run(self) -> None:
        """Download, kill, download again, and compare."""
        timeframe = self.draw.choice([*LENGTHS])
        with LoopbackExchange(unsteady=1 / 12, retry_after="0") as exchange:
            since = exchange.clock - self.draw.uniform(0.3, 1) * pd.Timedelta(
                days=LENGTHS[timeframe]
            )
            since = since.floor("D")
            exchange.holes = [
                self.hole(since, exchange.clock) for _ in range(self.draw.choice(range(4)))
            ]
            words = [*COMMAND, "--timeframe", timeframe, "--since", str(since.date())]
            for _ in range(self.draw.randint(1, 4)):
                self.killed(words, exchange)
                exchange.clock += pd.Timedelta(minutes=self.draw.randint(0, 300))
            self.wrong["failed runs"] += not self.finished(words, exchange)
            self.requests += len(exchange.requests)
            self.compare(exchange.right("BTCUSDT", timeframe).loc[since:])

    def hole(self, since: pd.Timestamp, until: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Draw a span in which the exchange was down, up to a fifth of all."""
        start = since + self.draw.random() * (until - since)
        return start, start + self.draw.random() * (until - since) / 5

    def environment(self, exchange: LoopbackExchange) -> dict[str, str]:
        """Return the variables of a run."""
        own = {"BT_FUSION_CACHE": str(self.folder / "cache"), "BT_FUSION_HOST": exchange.host}
        return {**os.environ, **own, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}

    def killed(self, words: list[str], exchange: LoopbackExchange) -> None:
        """Run until a moment after a request drawn at random, unless it ends before."""
        process = subprocess.Popen(words, env=self.environment(exchange), cwd=self.folder)
        last = len(exchange.requests) + 1 + int(self.draw.expovariate(1 / 3))
        while process.poll() is None and len(exchange.requests) < last:
            time.sleep(0.001)
        time.sleep(self.draw.uniform(0, 0.2))
        self.kills += process.poll() is None
        process.kill()
        process.wait()

    def finished(self, words: list[str], exchange: LoopbackExchange) -> bool:
        """Run to the end; tells whether that was a good one."""
        environment = self.environment(exchange)
        try:
            done = subprocess.run(words, env=environment, cwd=self.folder, timeout=LAST_RUN)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def compare(self, right: pd.DataFrame) -> None:
        """Count what the file has too much, too little, or otherwise."""
        file = self.folder / "btc.parquet"
        if not file.is_file():
            self.wrong["missing"] += len(right)
            return
        raw = pd.read_parquet(file)
        self.candles += len(right)
        self.wrong["duplicated"] += int(raw.index.duplicated().sum())
        self.wrong["missing"] += len(right.index.difference(raw.index))
        self.wrong["unfinished"] += len(raw.index.difference(right.index))
        common = raw.index.intersection(right.index)
        other = (raw.loc[common] != right.loc[common]).any(axis=1)
        self.wrong["different"] += int(other.sum())
        left = {path.name for path in (self.folder / "cache").rglob("*") if path.is_file()}
        self.wrong["left over"] += len(left - {"candles.parquet", "lock"})
        read_bars(file)


COMMAND = [
    *(sys.executable, "-m", "bt_fusion", "download", "--exchange", "binance"),
    *("--symbol", "BTC/USDT", "--out", "btc.parquet", "--quiet"),
]
