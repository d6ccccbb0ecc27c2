"""Backtest.optimize and what a sweep's result offers: best variant, luck, heat maps."""

import subprocess
import sys
from html import unescape
from pathlib import Path

import matplotlib as mpl
import pytest

from bt_fusion import Backtest, Ensemble, OptionError, SignalModel, Sweep, WalkForward
from bt_fusion.report.pictures import canvas
from tests.sweep import strategies
from tests.sweep.strategies import MyCross

GRID = {"fast": range(4, 13, 4), "slow": [8, 20]}


@pytest.fixture(scope="module")
def backtest():
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, 600, 300)
    params = {"ml_threshold": 0.4}
    return Backtest(walk, strategy=MyCross, params=params, draws=10, audit=False)


@pytest.fixture(scope="module")
def optimized(backtest, edge):
    return backtest.optimize(
        edge,
        maximize="net_profit",
        constraint=lambda p: p.fast < p.slow,
        return_heatmap=True,
        jobs=1,
        name="edge",
        **GRID,
    )


@pytest.fixture(autouse=True)
def no_figure_stays():
    mpl.use("agg")
    from matplotlib import pyplot

    yield
    pyplot.close("all")


def test_the_result_is_the_best_variant_s_own_run(optimized):
    result, series = optimized
    best = result.sweep.best
    assert series.idxmax() == (best.params["fast"], best.params["slow"])
    assert result.summary["ml_on"]["net_profit"] == pytest.approx(series.max())
    assert result.summary["config"]["params"] == {"ml_threshold": 0.4, **best.params}
    assert series.index.tolist() == [(4, 8), (4, 20), (8, 20), (12, 20)]  # (8, 8) is not below
    assert series.name == "on_net_profit" and series.index.names == ["fast", "slow"]


def test_every_variant_counts_as_a_trial(optimized):
    result, _ = optimized
    statistics, best = result.summary["statistics"], result.sweep.best
    assert statistics["trials"] == best.trials == best.variants == 4
    assert statistics["pbo"] == best.pbo and statistics["dsr"] == pytest.approx(best.dsr, abs=1e-6)


@pytest.mark.slow
def test_models_are_fitted_once_without_a_cache_too(backtest, edge):
    walk = WalkForward(backtest.model.model, 600, 450, cache=None)
    made = Backtest(walk, strategy=MyCross, params=backtest.params, draws=10, audit=False)
    model = made.optimize(edge, fast=[4], slow=[20], jobs=1).summary["model"]
    assert model["refits"] == model["cached"] == 2


def test_luck_is_printed_with_the_result(optimized):
    result, _ = optimized
    shown, notebook = str(result), " ".join(unescape(result._repr_html_()).split())
    *_, best, dsr, pbo, _, short = shown.splitlines()
    wanted = "the best of 4 variants by net profit, ML on, Sharpe ratio"
    assert best.startswith("Best       fast ") and wanted in best and "without skill" in best
    assert dsr.startswith("DSR") and pbo.startswith("PBO")
    assert short.startswith("In short   luck can explain the Sharpe ratio of the best variant")
    lines = repr(result.sweep.best).splitlines()
    assert lines[0] == "Best of 4 variants" and len(lines) == 6
    assert str(result.sweep).startswith("edge: best of 4 variants by net profit, ML on, ")
    assert all(f">{' '.join(line.split())}</div>" in notebook for line in (dsr, pbo))


def test_unknown_names_are_refused_before_any_work(backtest, edge):
    with pytest.raises(OptionError, match="figure to maximize 'sharp': did you mean 'sharpe'"):
        backtest.optimize(edge, maximize="sharp", fast=[4])
    with pytest.raises(OptionError, match="unknown figure to maximize 'max_drawdown'"):
        backtest.optimize(edge, maximize="max_drawdown", fast=[4])
    with pytest.raises(OptionError, match="parameter of MyCross 'fsat': did you mean 'fast'"):
        backtest.optimize(edge, fsat=[4])
    with pytest.raises(OptionError, match="give the values of a parameter"):
        backtest.optimize(edge)
    with pytest.raises(OptionError, match="ml is 'off'"):
        Backtest(backtest.model, ml="off").optimize(edge, ema_fast=[4])


def test_variants_that_never_trade_have_no_best(backtest, edge):
    with pytest.raises(OptionError, match="none of 2 variants traded with ML"):
        backtest.optimize(edge, ml_threshold=[0.99, 1.0], jobs=1)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_heat_map_has_its_numbers_and_names_its_axes(optimized):
    found = optimized[0].sweep
    figure = found.heatmap()
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("fast", "slow")
    assert len(texts(figure)) == 4  # of the six cells two are no variant
    assert axis.get_title(loc="left").startswith("Net profit, ML on\n4 variants, DSR ")
    turned = found.heatmap(x="slow", figure="sharpe").axes[0]
    assert (turned.get_xlabel(), turned.get_ylabel()) == ("slow", "fast")
    assert [label.get_text() for label in turned.get_xticklabels()] == ["8", "20"]


@pytest.mark.slow
def test_more_parameters_are_aggregated_as_the_title_says(backtest, edge):
    grid = {"fast": [4, 8], "slow": [20], "ml_threshold": [0.3, 0.4, 0.45]}
    found = Sweep(backtest, {**grid, "slow": [15, 20]}, jobs=1).run(edge)
    figure = found.heatmap("fast", "slow", "trades", aggregate="max")
    assert "Trades, ML on, max over ml_threshold" in figure.axes[0].get_title(loc="left")
    table = found.table
    most = table.on_trades[(table.fast == 4) & (table.slow == 15)].max()
    assert texts(figure)[0] == f"{most:,.0f}"
    for wrong, message in (
        ({"x": "fsat"}, "did you mean 'fast'"),
        ({"figure": "sharp"}, "did you mean 'sharpe'"),
        ({"aggregate": "sum"}, "unknown aggregate 'sum'"),
    ):
        with pytest.raises(OptionError, match=message):
            found.heatmap(**wrong)
    alone = type(found)(found.summary, table[:2], {"fast": [4], "ml_threshold": [0.3, 0.4]})
    with pytest.raises(OptionError, match="needs two parameters, and the grid varies 1"):
        alone.heatmap()


def test_a_figure_closes_in_a_notebook_and_where_drawing_fails(monkeypatch):
    from matplotlib import pyplot

    with canvas.shown_figure(2, 2) as figure:
        pass
    assert pyplot.fignum_exists(figure.number)
    monkeypatch.setattr(mpl, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    with canvas.shown_figure(2, 2) as inline:
        pass
    with pytest.raises(ZeroDivisionError), canvas.shown_figure(2, 2) as broken:
        1 / 0  # noqa: B018
    assert not pyplot.fignum_exists(inline.number) and not pyplot.fignum_exists(broken.number)


def test_a_class_of_a_function_is_swept_in_this_process(backtest, edge):
    class Local(MyCross):
        pass

    found = Sweep(Backtest(backtest.model, strategy=Local), {"fast": [4, 8]}, jobs=2).run(edge)
    assert len(found.table) == 2 and found.table.error.isna().all()
    assert any("Local is defined inside a function" in note for note in found.summary["notes"])


@pytest.mark.slow
def test_a_class_typed_into_a_session_is_optimized(tmp_path):
    source = Path(strategies.__file__).read_text()
    code = source + (
        "\nfrom bt_fusion import Backtest, Ensemble, SignalModel, load_sample\n"
        "model = SignalModel(['rsi_14'], ensemble=Ensemble(['lgb']))\n"
        "made = Backtest(model, strategy=MyCross, draws=10, audit=False)\n"
        "best = made.optimize(load_sample('sp500')[-1200:], fast=[5, 10], slow=[20])\n"
        "print(best.sweep.summary['notes'][-1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-"],
        input=code,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert "MyCross was typed into a session" in done.stdout, done.stderr


def test_a_backtest_prints_itself(backtest):
    lines = repr(backtest).splitlines()
    assert lines[0] == "Backtest of MyCross" and "refitted as time passes" in lines[1]
    assert "ml_threshold 0.4" in lines[-1] and len(lines) == 5
    assert "give a WalkForward" in repr(Backtest(3))


def test_missing_values_stay_missing(optimized):
    series = optimized[0].sweep.figures("sortino")  # too few days for it
    assert series.dtype == float and series.isna().all()
