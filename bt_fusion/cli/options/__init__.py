"""Options that belong together, and what becomes of them.

Nothing heavy is imported at the top, so that --help comes at once.
"""

from bt_fusion.cli.options.audit import AuditedBars, AuditedCode, AuditOptions
from bt_fusion.cli.options.bars import (
    BarOptions,
    DatedBarOptions,
    MarketOptions,
    PeriodOptions,
    SymbolOptions,
)
from bt_fusion.cli.options.model import ModelOptions, TrainModelOptions, TuningOptions
from bt_fusion.cli.options.output import OutputOptions, ScreenOptions
from bt_fusion.cli.options.predictor import PredictorOptions, ScheduleOptions
from bt_fusion.cli.options.trading import AccountOptions, StrategyOptions, TradedStrategy

__all__ = [
    "AccountOptions",
    "AuditOptions",
    "AuditedBars",
    "AuditedCode",
    "BarOptions",
    "DatedBarOptions",
    "MarketOptions",
    "ModelOptions",
    "OutputOptions",
    "PeriodOptions",
    "PredictorOptions",
    "ScheduleOptions",
    "ScreenOptions",
    "StrategyOptions",
    "SymbolOptions",
    "TradedStrategy",
    "TrainModelOptions",
    "TuningOptions",
]
