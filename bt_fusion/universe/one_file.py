"""Run the whole comparison on one file, in a worker process."""

import gc
import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import Any

from backtrader import Strategy
from threadpoolctl import threadpool_limits

from bt_fusion.backtest.chance.matched_chance import matched_chance
from bt_fusion.backtest.job import BacktestJob
from bt_fusion.backtest.pooled_runs import market_of
from bt_fusion.backtest.result import Result
from bt_fusion.backtest.run_evaluation import NO_VERDICT
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.resampling import resample_bars
from bt_fusion.data.sources import load
from bt_fusion.engine.loading import ClassSource, load_strategy
from bt_fusion.errors import BarsError, BtFusionError, BtFusionWarning, FileError
from bt_fusion.files import plain, write_whole
from bt_fusion.labels import trade_exits
from bt_fusion.plugins import load_sent
from bt_fusion.sent_code import SentFile
from bt_fusion.statistics.sharpe import TrackRecord
from bt_fusion.universe.row import FIGURES, FileRow
from bt_fusion.universe.store import Trial, UniverseStore
from bt_fusion.verdict.evidence import STRICT
from bt_fusion.verdict.stouffer import DailyGains

__all__ = ["MORE_DRAWS", "FileJob", "FileResult", "FileTask", "compare_file"]

# A p-value of 1,000 draws is at least .001: among 1,000 files that is nothing special. If the
# first draws give a p-value of interest, this many more are made.
MORE_DRAWS = 100_000
Gains = tuple[DailyGains, DailyGains]


@dataclass(frozen=True, eq=False)
class FileJob:
    """Inputs shared by all files, as sent to other processes.

    Attributes
    ----------
    job : BacktestJob
        Without its strategy and its account's sizer.
    strategy : ClassSource
    sizer : ClassSource or None
    plugins : tuple of SentFile
        Files that register features, labels and members.
    repair : bool
        Whether bars are sorted and broken rows dropped.
    resample : str or None
        Length of the bars to resample the file to, such as 4h.
    min_bars : int
        Minimum number of bars.
    runs : bool
        Whether to store each file's full run.
    """

    job: BacktestJob
    strategy: ClassSource
    sizer: ClassSource | None
    plugins: tuple[SentFile, ...] = ()
    repair: bool = False
    resample: str | None = None
    min_bars: int = 0
    runs: bool = False

    @classmethod
    def of(cls, job: BacktestJob, **options: Any) -> "FileJob":
        """Build the inputs from a backtest.

        Raises
        ------
        OptionError
            For a strategy or a sizer that other processes cannot load.
        """
        sizer = job.account.sizer
        bare = replace(job, strategy=Strategy, account=replace(job.account, sizer=None))
        strategy = ClassSource.of(load_strategy(job.strategy))
        return cls(bare, strategy, None if sizer is None else ClassSource.of(sizer), **options)

    def backtest(self) -> BacktestJob:
        """Rebuild the backtest."""
        for plugin in self.plugins:
            load_sent(plugin)
        sizer = None if self.sizer is None else self.sizer.load()
        account = replace(self.job.account, sizer=sizer)
        return replace(self.job, strategy=self.strategy.load(), account=account)


@dataclass(frozen=True)
class FileTask:
    """A file to compare.

    Attributes
    ----------
    key : str
        Key of its row in the store.
    digest : str
        Digest of its content.
    variant : str
        The variant tried, see `JobKey`.
    symbol : str
    path : Path
    """

    key: str
    digest: str
    variant: str
    symbol: str
    path: Path


@dataclass(frozen=True, eq=False)
class FileResult:
    """Result of one file.

    Attributes
    ----------
    task : FileTask
    row : FileRow
    gains : tuple of DailyGains, or None
    stored : bool
        Whether to store its row. Not after an unexpected error, such as lack of memory, so the file
        is compared again next time.
    files : dict of bytes
        Its full run, by file name; empty if not stored.
    """

    task: FileTask
    row: FileRow
    gains: Gains | None = None
    stored: bool = True
    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    def keep(self, store: UniverseStore) -> None:
        """Put the row into the store, after writing its full run."""
        for name, data in self.files.items():
            write_whole(store.folder / "runs" / self.task.path.name / name, partial(write, data))
        if self.stored:
            trial = Trial(self.task.digest, self.task.variant)
            store.put(self.task.key, trial, self.row, self.gains)


ONE_AT_A_TIME = RLock()  # warnings belong to a process, not a thread


def compare_file(shared: FileJob, task: FileTask, content: bytes | None = None) -> FileResult:
    """Compare ML off and on over a file; a failure becomes its row's error.

    Parameters
    ----------
    shared : FileJob
    task : FileTask
    content : bytes, optional
        Content of the file, if this process cannot read its disk.
    """
    with ONE_AT_A_TIME, TemporaryDirectory(prefix="bt_fusion-") as folder:
        if content is None:
            return file_result(shared, task, Path(folder))
        there = Path(folder) / task.path.name
        there.write_bytes(content)
        found = file_result(shared, replace(task, path=there), Path(folder))
        row = found.row
        notes = tuple(note.replace(str(there), str(task.path)) for note in row.notes)
        error = row.error and row.error.replace(str(there), str(task.path))
        return replace(found, task=task, row=replace(row, notes=notes, error=error))


def file_result(shared: FileJob, task: FileTask, folder: Path) -> FileResult:
    """Return the result of a file that is on this disk; `folder` is for its run."""
    stored, files = True, dict[str, bytes]()
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always", BtFusionWarning)
        try:
            row, gains, files = compared(shared, task, folder / "run")
        except FileError:  # from the results folder, not from the bars
            raise
        except BtFusionError as error:
            row, gains = FileRow(error=" ".join(str(error).split())), None
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            row, gains, stored = FileRow(error=" ".join(message.split())), None, False
    messages = [str(each.message) for each in caught if issubclass(each.category, BtFusionWarning)]
    row = replace(row, notes=(*row.notes, *dict.fromkeys(messages)))
    gc.collect()  # Backtrader's objects form reference cycles
    return FileResult(task, row, gains, stored, files)


def compared(
    shared: FileJob, task: FileTask, folder: Path
) -> tuple[FileRow, Gains | None, dict[str, bytes]]:
    """Return the row of a file, its gains by day, and the files of its run."""
    job, repairs = shared.backtest(), list[str]()
    bars, _ = load(str(task.path), job.seed, shared.repair, repairs.append)
    if shared.resample is not None:
        bars = resample_bars(bars, shared.resample)
    if len(bars) < shared.min_bars:
        raise BarsError(f"{len(bars):,} bars, and --min-bars asks for {shared.min_bars:,}")
    result = job.run(bars, task.symbol)
    files = {}
    if shared.runs:
        result.write(folder)
        paths = [path for path in folder.rglob("*") if path.is_file()]
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    row, gains = row_of(job, result, len(bars))
    return replace(row, notes=(*repairs, *row.notes)), gains, files


def write(data: bytes, path: Path) -> None:
    """Write bytes to a file."""
    path.write_bytes(data)


def row_of(job: BacktestJob, result: Result, bars: int) -> tuple[FileRow, Gains | None]:
    """Return the stored row and gains of a backtest."""
    summary = result.summary
    row = FileRow(
        bars=bars,
        start=plain(summary["window"]["start"]),
        end=plain(summary["window"]["end"]),
        traded=summary["window"]["bars"],
        off={name: summary["ml_off"][name] for name in FIGURES},
        on={name: summary["ml_on"][name] for name in FIGURES},
        auc=summary["model"]["auc"],
        notes=tuple(summary["notes"]),
    )
    if summary["comparison"]["verdict"] == NO_VERDICT:
        return replace(row, error=summary["comparison"]["because"]), None
    assert result.by_bar is not None  # it has a verdict
    market = market_of(result.saved)
    edge = TrackRecord.of(result.by_bar["above_chance"].to_numpy(dtype=float))
    p_value = finer_p(job, result)
    row = replace(row, evidence=market.evidence, edge=edge, setting_p=p_value)
    return row, (market.above_chance, market.ranked)


def finer_p(job: BacktestJob, result: Result) -> float | None:
    """Return the p-value of the setting, with more draws if it is .005 or less."""
    p_value = result.summary["comparison"]["chance"]["p_value"]
    if p_value is None or p_value > STRICT:
        return p_value
    strategy = load_strategy(job.strategy)
    traded = (job.params, trade_exits(job.signal_model.label()), job.account, result.out_of_sample)
    pair = RunPair(strategy, *traded, off=result.runs["off"], on=result.runs["on"])
    test = matched_chance(pair, MORE_DRAWS, job.seed + 1).test
    return None if test is None else test.p_value
