"""The folder a backtest leaves behind."""

from pathlib import Path

from bt_fusion.backtest.evidence import own_sharpe
from bt_fusion.backtest.job import Result
from bt_fusion.backtest.ledger import record_trial
from bt_fusion.backtest.report.files import (
    write_bars,
    write_equity,
    write_json,
    write_predictions,
    write_trades,
)

__all__ = ["write_result"]

DATA = ("trades.csv", "predictions.parquet", "bars.parquet", "equity.parquet")


def write_result(folder: Path, result: Result, *, picture: bool = True) -> list[Path]:
    """Write all that redraws the result into a folder, and the picture of the comparison.

    trades.csv, predictions.parquet, bars.parquet, equity.parquet, comparison.png and summary.json;
    and count the trial in the folder's ledger.
    """
    from bt_fusion.backtest.report.pictures import draw_comparison

    paths = [folder / name for name in DATA]
    write_trades(paths[0], result.runs)
    write_predictions(paths[1], {name: own.predictions for name, own in result.unseen.items()})
    write_bars(paths[2], result.unseen, result.runs)
    write_equity(paths[3], result.runs)
    if picture:
        paths.append(folder / "comparison.png")
        data, strategy = result.summary["data"], result.summary["config"]["strategy"]
        seen = "IN-SAMPLE" if result.summary["in_sample"] else "unseen"
        draw_comparison(
            paths[-1],
            {name: own.bars for name, own in result.unseen.items()},
            result.runs,
            {name: own.predictions for name, own in result.unseen.items()},
            threshold=result.summary["config"]["params"].get("ml_threshold", 0.6),
            title=f"{data['name']}: {strategy.rsplit(':')[-1]}, ML off and on, "
            f"{result.summary['window']['bars']:,} {seen} bars",
        )
    paths.append(folder / "summary.json")  # last: where it stands, the others are complete
    write_json(paths[-1], result.summary)
    if "on" in result.runs:
        record_trial(folder, result.summary, own_sharpe(result.runs["on"]))
    return paths
