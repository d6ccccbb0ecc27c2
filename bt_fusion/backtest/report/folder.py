"""The folder a backtest leaves behind."""

from pathlib import Path

from bt_fusion.backtest.job import Result
from bt_fusion.backtest.report.files import write_json, write_predictions, write_trades

__all__ = ["write_result"]


def write_result(folder: Path, result: Result, *, picture: bool = True) -> list[Path]:
    """Write summary.json, trades.csv, predictions.parquet and comparison.png into a folder."""
    from bt_fusion.backtest.report.pictures import draw_comparison

    paths = [folder / name for name in ("trades.csv", "predictions.parquet")]
    write_trades(paths[0], result.runs)
    write_predictions(paths[1], result.predictions)
    if picture:
        paths.append(folder / "comparison.png")
        data, strategy = result.summary["data"], result.summary["config"]["strategy"]
        draw_comparison(
            paths[-1],
            result.bars,
            result.runs,
            result.predictions,
            threshold=result.summary["config"]["params"].get("ml_threshold", 0.6),
            title=f"{data['name']}: {strategy.rsplit(':')[-1]}, ML off and on, "
            f"{len(result.bars):,} unseen bars",
        )
    paths.append(folder / "summary.json")  # last: where it stands, the others are complete
    write_json(paths[-1], result.summary)
    return paths
