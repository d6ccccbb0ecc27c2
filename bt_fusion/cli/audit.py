"""`bt-fusion audit`: faults in bars, and look-ahead in code or a model."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import Json, command, output_file
from bt_fusion.cli.options import (
    AccountOptions,
    AuditedBars,
    AuditedCode,
    PeriodOptions,
    ScreenOptions,
)
from bt_fusion.cli.options.trading import parameters
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError
from bt_fusion.urls import redacted

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.models.signal_model import SignalModel

__all__ = ["audit"]

Bars = Mapping[str, "pd.DataFrame"]


@command(
    "nothing was written",
    "bt-fusion audit --data candles.csv --strategy mine.py:Mine",
)
def audit(
    *,
    bars: AuditedBars,
    period: PeriodOptions,
    code: AuditedCode,
    account: AccountOptions,
    json: Json = None,
    png: Annotated[
        Path | None,
        output_file("Draw the closes with every fault of the bars to a .png file.", "--png"),
    ] = None,
    output: ScreenOptions,
) -> None:
    """Find faults in bars, or look-ahead in a strategy, indicator, plug-in or model.

    With --data alone: gaps, filled and frozen stretches, bad prices, an unfinished last bar. With
    --strategy, --indicator, --features, --label, --plugin or --model: whether that looks ahead on
    these bars. --plugin alone checks everything the file registers.
    """
    from bt_fusion.data.sources import bars_within
    from bt_fusion.files import check_no_input, write_json

    code.check()
    audits_code = code.any() or bool(output.plugin)
    places = bars.sources()
    check_png(png, audits_code, len(places))
    for file in filter(None, (json, png)):
        for source in places.values():
            check_no_input(file, source)
    screen, dates = output.screen(), period.dates()
    given = {name: bars_within(own, *dates) for name, own in bars.load(screen).items()}
    if audits_code:
        model = loaded_model(code, bars, screen)
        plugins = output.plugin or []
        found = audit_code(screen, given, code, account, plugins, bars.seed, model)
    else:
        found = audit_data(screen, given, png)
    if json is not None:
        write_json(json, found)
    if json or png:
        screen.list_files([file for file in (json, png) if file is not None])


def check_png(png: Path | None, audits_code: bool, symbols: int) -> None:
    """Raise OptionError if the picture cannot be drawn."""
    if png is None:
        return
    if audits_code:
        raise OptionError("--png draws what is found in bars; leave it out here")
    if symbols > 1:
        raise OptionError("--png draws the bars of one symbol; give one --data, or leave it out")
    if png.suffix.lower() != ".png":
        raise OptionError(f"png {png} is not a PNG file; give a name that ends in .png")


def audit_data(screen: Screen, bars: Bars, png: Path | None) -> dict[str, Any]:
    """Show the findings in bars, and draw them if requested; a list for several symbols."""
    from bt_fusion.data.bar_audit import audit_bars
    from bt_fusion.report.terminal.checks import data_audit_table

    audits = []
    for name, frame in bars.items():
        found = audit_bars(frame)
        screen.show(data_audit_table(found.to_dict(), name))
        audits.append({"name": name, **found.to_dict()})
        if png is not None:
            from bt_fusion.report.pictures.data_audit import draw_audit

            draw_audit(png, frame, found, name)
    return {"data": audits[0] if len(audits) == 1 else audits}


def audit_code(
    screen: Screen,
    bars: Bars,
    code: AuditedCode,
    account: AccountOptions,
    plugins: list[Path],
    seed: int,
    model: "SignalModel | None",
) -> dict[str, Any]:
    """Show the findings in code or a model."""
    from bt_fusion.report.terminal.checks import strategy_audit_table

    if code.strategy:
        found = audited_strategy(bars, code, model, account, seed)
        kind, name = "strategy", code.strategy
    elif code.indicator:
        kind, name, found = "indicator", code.indicator, audited_indicator(bars, code, seed)
    else:
        kind = "model" if code.model else "parts"
        names = [code.model or code.features, code.label, *plugins]
        name = redacted(", ".join(str(each) for each in names if each))
        found = audited_parts(bars, code, model, plugins)
    screen.show(strategy_audit_table(found.to_dict(), name))
    if plugins and kind in ("strategy", "indicator"):
        screen.say(f"Not audited   what --plugin registers: audit it alone, without --{kind}")
    return {kind: found.to_dict()}


def loaded_model(code: AuditedCode, bars: AuditedBars, screen: Screen) -> "SignalModel | None":
    """Return the named saved model, with the bars of other markets."""
    return None if code.model is None else code.loaded_model(code.model, bars, screen)


def audited_strategy(
    bars: Bars,
    code: AuditedCode,
    model: "SignalModel | None",
    account: AccountOptions,
    seed: int,
) -> Any:
    """Audit a strategy, with ML if there is a model."""
    from bt_fusion.audit import audit
    from bt_fusion.engine.loading import load_strategy
    from bt_fusion.engine.variants import check_variants, variant
    from bt_fusion.labels import trade_exits

    strategy, params = load_strategy(code.strategy or ""), parameters(code.param or ())
    if model is None:
        traded, given = variant(strategy, params)
    else:
        check_variants(strategy, params)
        traded, given = variant(strategy, params, trade_exits(model.label()), model)
    return audit(traded, bars, given, account.account(), code.cuts, seed)


def audited_indicator(bars: Bars, code: AuditedCode, seed: int) -> Any:
    """Audit an indicator."""
    from bt_fusion.audit import audit_indicator
    from bt_fusion.engine.loading import load_indicator

    kind = load_indicator(code.indicator or "")
    return audit_indicator(kind, bars, parameters(code.param or ()), cuts=code.cuts, seed=seed)


def audited_parts(
    bars: Bars, code: AuditedCode, model: "SignalModel | None", plugins: list[Path]
) -> Any:
    """Audit a model, features and a label, or everything that plug-ins register."""
    from bt_fusion.audit import audit_features, audit_model, audit_plugins
    from bt_fusion.models.model_spec import feature_names

    if len(bars) > 1:
        raise OptionError(
            f"features, labels, members and models are audited on one symbol; {len(bars)} are given"
        )
    (frame,) = bars.values()
    if model is not None:
        return audit_model(model, frame)
    if not (code.features or code.label):
        return audit_plugins([*plugins], frame)
    features = feature_names(code.features) if code.features else None
    return audit_features(features, frame, code.label)
