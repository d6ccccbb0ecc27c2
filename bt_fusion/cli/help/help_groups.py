"""Groups of options in --help, the most used options first."""

__all__ = ["COMMAND_GROUPS", "GROUPS", "group_of"]

GROUPS: dict[str, tuple[str, ...]] = {
    "Data": (
        *("data", "exchange", "source", "symbol", "timeframe", "since", "until", "days"),
        *("fromdate", "todate", "timerange", "resample", "min_bars", "test_share", "last"),
        *("repair", "max_age", "refetch", "host"),
    ),
    "Model": (
        *("model", "preset", "features", "label", "horizon", "members", "voting", "calibration"),
        *("timeframes", "other", "lookahead", "profit_threshold", "recipe", "onnx", "plugin"),
        *("verify", "tag", "digest", "allow_in_sample", "no_causality_check", "shuffle_labels"),
    ),
    "Training": (
        *("train_bars", "refit_bars", "judge_bars", "window", "embargo_bars", "every", "keep"),
        *("watch", "poll", "rollback", "feature_importance", "no_cross_validation"),
    ),
    "Tuning": ("tune", "optimize", "trials", "objective", "folds", "storage"),
    "Strategy": (
        *("strategy", "indicator", "param", "most", "ml", "long_only", "ml_entry_threshold"),
        *("backtest", "cuts", "placebo", "breakdown", "ablation", "no_audit"),
    ),
    "Account": ("cash", "commission", "slippage", "sizer"),
    "Run": ("trade", "bar", "run"),
    "Speed": ("jobs", "cache", "scheduler", "seed"),
    "Output": (
        *("out", "overwrite", "config", "no_report", "plot", "png", "bars", "tearsheet"),
        *("keep_runs", "json", "verbose", "quiet"),
    ),
}
# Options that belong elsewhere in one command
OTHER_GROUPS = {
    ("audit", "model"): "Strategy",
    ("audit", "features"): "Strategy",
    ("audit", "label"): "Strategy",
    ("evaluate", "since"): "Training",
    ("evaluate", "embargo_bars"): "Training",
    ("train", "embargo_bars"): "Tuning",
    ("tune", "embargo_bars"): "Tuning",
    ("report", "until"): "Output",
    ("report", "symbol"): "Output",
    ("why", "symbol"): "Run",
    ("show", "json"): "Output",
}
COMMAND_GROUPS = {
    "Backtests": ("backtest", "sweep", "universe", "report", "why"),
    "Models": ("train", "tune", "evaluate", "predict", "retrain", "show", "push", "pull"),
    "Data and checks": ("download", "audit"),
    "Setup": ("init",),
}


def group_of(command: str, option: str) -> tuple[str, int]:
    """Return the group of a command's option, and its position among all options.

    Parameters
    ----------
    command : str
        Name of the command.
    option : str
        Name of the parameter.

    Examples
    --------
    >>> group_of("backtest", "data"), group_of("audit", "model")[0]
    (('Data', 0), 'Strategy')
    """
    titles = list(GROUPS)
    for title, names in GROUPS.items():
        if option in names:
            group = OTHER_GROUPS.get((command, option), title)
            return group, 100 * titles.index(group) + names.index(option)
    return "Other", 100 * len(GROUPS)
