"""Where figures lie among those of random filters."""

from bt_fusion.report.charts.chance_range import chance_ranges, chance_rows

SUMMARY = {
    "ml_off": {"sharpe": 0.1, "win_rate": None},
    "ml_on": {"sharpe": 0.9, "win_rate": 0.4},
    "comparison": {
        "chance": {
            "kind": "coin",
            "sharpe": {"mean": 0.0, "ci95": [-0.5, 0.6]},
            "win_rate": {"mean": 0.5, "ci95": [0.45, 0.55]},
            "net_profit": {"mean": None, "ci95": None},
        }
    },
}


def test_each_figure_has_its_place():
    rate, sharpe = chance_ranges(SUMMARY)
    assert (rate.label, sharpe.label) == ("Win rate", "Sharpe ratio")
    assert (rate.where, sharpe.where) == ("below", "above")
    assert (rate.unit, sharpe.unit) == ("%", "") and rate.off is None
    assert chance_rows([sharpe]) == [
        ["Sharpe ratio", "0.10", "0.90", "0.00", "-0.50 to 0.60", "above"]
    ]


def test_without_random_filters_there_is_nothing():
    assert chance_ranges({"comparison": None}) == []
    assert chance_ranges(SUMMARY | {"ml_on": None}) == []
    assert chance_ranges(SUMMARY | {"comparison": {"chance": None}}) == []
