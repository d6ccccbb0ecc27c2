"""A sweep on the terminal and as a picture."""

from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from bt_fusion.report.pictures import sweep as sweep_pictures
from bt_fusion.report.terminal.sweep import sweep_table
from bt_fusion.saved_runs.sweep_folder import SavedSweep, write_sweep
from bt_fusion.sweep.grid import combinations

SUMMARY = {
    "data": {"name": "walk"},
    "window": {"bars": 6_000},
    "in_sample": 0,
    "config": {"strategy": "fusion"},
    "model": {"refits": 12, "cached": 12},
    "failed": 0,
    "runs": {"total": 8, "kept": 5, "made": 3, "bytes_each": 6_000.0},
    "pbo": 0.46,
    "trials": 41,
    "luck": 1.31,
    "dsr": 0.402,
    "spa_p": 0.3,
}


def swept(grid, sharpe):
    """A result whose Sharpe ratios come from a function of each variant's parameters."""
    table = pd.DataFrame(combinations(grid))
    table["off_sharpe"] = 0.25
    table["on_sharpe"] = [sharpe(**params) for params in combinations(grid)]
    table["delta_sharpe"] = table.on_sharpe - table.off_sharpe
    for name in ("trades", "profit_factor", "net_profit", "max_drawdown"):
        table[f"on_{name}"] = 1.0
    table["error"] = None
    first = combinations(grid)[int(table.on_sharpe.fillna(-1.0).argmax())]
    best = {"params": first, "on": {"sharpe": table.on_sharpe.max()}}
    more = {"variants": len(table), "best": best, "grid": grid}
    return SavedSweep({**SUMMARY, **more}, table, grid)


def text_of(found):
    console = Console(width=100, record=True, file=StringIO())
    console.print(sweep_table(found))
    return console.export_text()


def test_the_table_ranks_ten_and_says_what_the_best_is_worth():
    shown = text_of(swept({"x": list(range(12)), "y": ["a"]}, lambda x, y: x / 10))
    lines = [line.split() for line in shown.splitlines()]
    assert [line[:3] for line in lines if line[:1] == ["11"]] == [["11", "0.25", "1.10"]]
    assert sum(line[1:2] == ["0.25"] for line in lines) == 10
    flat = " ".join(shown.split())
    assert "8 (3 made now, 5 before) over one set of predictions: 12 refits" in flat
    assert "Best x 11, y a: the best of 12 variants, Sharpe ratio 1.10" in flat
    assert "the best of 41 without skill would reach 1.31" in flat
    for word in ("DSR 0.402", "PBO 0.46", "SPA p 0.300"):
        assert word in flat


@pytest.mark.parametrize(
    ("trades", "said"),
    [([12, 40, 40], "1 of the 3"), ([40, 12, 12], "2 of the 3"), ([40, 40, 12], "")],
)
def test_few_trades_of_the_best_or_of_most_are_warned_of(trades, said):
    found = swept({"x": [3, 2, 1]}, lambda x: float(x))
    found.table["on_trades"] = trades
    flat = " ".join(text_of(found).split())
    assert ("Few trades" in flat) == bool(said)
    assert not said or f"Few trades {said} variants shown made under 30 trades" in flat


def test_failures_and_no_best_are_said():
    found = swept({"x": [1, 2]}, lambda x: np.nan)
    found.table.loc[1, "error"] = "too few bars"
    found.summary.update(best=None, failed=1)
    flat = " ".join(text_of(found).split())
    assert "1 variants, the first: too few bars" in flat and "no variant traded" in flat
    assert "DSR" not in flat


@pytest.fixture
def drawn(monkeypatch):
    """Cells of every map drawn, with the title of its axes; and the cells framed."""
    maps, frames = [], []
    real = sweep_pictures._draw_map

    def draw_map(axis, cells, reach):
        maps.append((axis.get_title(loc="left"), cells))
        return real(axis, cells, reach)

    monkeypatch.setattr(sweep_pictures, "_draw_map", draw_map)
    monkeypatch.setattr(sweep_pictures, "_frame", lambda axis, *at: frames.append(at))
    return maps, frames


def test_two_parameters_make_a_map_with_the_longer_one_across(drawn, tmp_path):
    found = swept({"x": [1, 2], "y": [0.5, 0.6, 0.7]}, lambda x, y: 10 * x + y)
    sweep_pictures.draw_sweep(tmp_path / "sweep.png", found)
    maps, frames = drawn
    assert maps[0][0] == "Sharpe ratio, ML on" and maps[1][0] == "ML on minus ML off"
    assert maps[0][1] == pytest.approx(np.array([[10.5, 10.6, 10.7], [20.5, 20.6, 20.7]]))
    assert maps[1][1] == pytest.approx(maps[0][1] - 0.25)
    assert frames == [(2, 1), (2, 1)]
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_third_of_few_values_makes_maps_of_its_own(drawn, tmp_path):
    grid = {"x": [1, 2, 3, 4], "exit": ["flip", "both"], "y": [1, 2, 3], "z": [0]}
    found = swept(grid, lambda x, y, z, exit: x + 10 * y + 100 * (exit == "both"))
    sweep_pictures.draw_sweep(tmp_path / "sweep.png", found)
    maps, frames = drawn
    assert [title for title, _ in maps][::2] == [
        "Sharpe ratio, ML on, exit flip",
        "Sharpe ratio, ML on, exit both",
    ]
    assert maps[2][1][1].tolist() == [121, 122, 123, 124]
    assert frames == [(3, 2), (3, 2)]


def test_beyond_that_a_cell_is_the_median_and_says_so(drawn, tmp_path):
    grid = {"x": [1, 2, 3], "y": [1, 2, 3], "z": [1, 2, 9], "w": [0, 1]}
    found = swept(grid, lambda x, y, z, w: x + 10 * y + 100 * z)
    found.table.loc[0, "on_sharpe"] = np.nan  # a variant that never traded
    sweep_pictures.draw_sweep(tmp_path / "sweep.png", found)
    maps, frames = drawn
    assert maps[0][0] == "Sharpe ratio, ML on, median over z, w"
    assert maps[0][1][1].tolist() == [221, 222, 223]
    assert frames == []


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("more", [{}, {"z": [1, 2]}, {"z": [1, 2], "w": [1, 2]}])
def test_a_map_of_variants_that_never_traded_frames_none(more, drawn, tmp_path):
    found = swept({"x": [1, 2], "y": [1, 2], **more}, lambda **params: np.nan)
    found.summary["best"] = None
    sweep_pictures.draw_sweep(tmp_path / "sweep.png", found)
    maps, frames = drawn
    assert np.isnan(maps[0][1]).all() and frames == []


@pytest.mark.parametrize("grid", [{"x": [1, 2, 3]}, {"x": [None, "b"], "y": [1.5, 2]}, {"x": [1]}])
def test_files_of_any_grid(grid, tmp_path):
    found = swept(grid, lambda **params: 1.0)
    (tmp_path / "sweep.png").write_bytes(b"of an earlier sweep")
    names = [path.name for path in write_sweep(tmp_path, found)]
    assert names == ["sweep.parquet", "sweep.json"]
    assert len(pd.read_parquet(tmp_path / "sweep.parquet")) == len(found.table)
    assert not (tmp_path / "sweep.png").exists()
