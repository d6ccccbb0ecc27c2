"""A second opinion from an ML ensemble for Backtrader strategies.

Names are imported on first use, so that ``import bt_fusion`` takes almost no time.
"""

import os
from importlib import import_module

from bt_fusion.checkout import serve_checkout

NAMES_OF = {
    "bt_fusion.bundle": ("load_pickle",),
    "bt_fusion.data.bar_audit": ("DataAudit", "audit_bars"),
    "bt_fusion.data.bars": ("check_bars", "repair_bars"),
    "bt_fusion.data.readers": ("read_bars", "tidy_bars"),
    "bt_fusion.data.samples": ("load_sample",),
    "bt_fusion.engine.account": ("Account",),
    "bt_fusion.ensemble.ensemble": ("Ensemble",),
    "bt_fusion.ensemble.onnx_export": ("export_onnx", "load_onnx"),
    "bt_fusion.ensemble.members.registry": ("member",),
    "bt_fusion.plugins": ("load_plugin",),
    "bt_fusion.errors": (
        "BarsError",
        "BtFusionError",
        "BtFusionWarning",
        "BundleError",
        "DownloadError",
        "FileError",
        "HubError",
        "InSampleError",
        "LookAheadError",
        "ModelCompatibilityError",
        "OptionError",
        "PartError",
        "PluginError",
        "RunError",
        "SchedulerError",
        "StrategyError",
        "TrainingError",
        "TrainingOrderError",
        "WorkerError",
    ),
    "bt_fusion.evaluation": ("evaluate",),
    "bt_fusion.features": ("FeatureSet", "feature"),
    "bt_fusion.hub": ("pull_model", "push_model"),
    "bt_fusion.labels": (
        "Direction",
        "Gain",
        "Labels",
        "ProfitBeforeStop",
        "TripleBarrier",
        "label",
    ),
    "bt_fusion.models.causality": ("check_causality",),
    "bt_fusion.models.fused_signals": ("fused_signals",),
    "bt_fusion.models.confidence": ("Confidence",),
    "bt_fusion.models.predictions": ("Predictions", "Signal"),
    "bt_fusion.models.presets": ("make_preset",),
    "bt_fusion.models.signal_model": ("SignalModel", "load_model"),
    "bt_fusion.models.walk_forward": ("WalkForward",),
    "bt_fusion.parallel": ("scheduler",),
    "bt_fusion.report.draw": ("redraw",),
    "bt_fusion.report.pictures.signals": ("draw_signals",),
    "bt_fusion.retraining": ("Retrainer",),
    "bt_fusion.sweep.optimize": ("Backtest",),
    "bt_fusion.sweep.sweep": ("Sweep",),
    "bt_fusion.technical.regimes": ("Regime",),
    "bt_fusion.trade_models.managed_model": ("ManagedModel",),
    "bt_fusion.trade_models.position_model": ("Advice",),
    "bt_fusion.trade_models.position_tuning": ("tune_position",),
    "bt_fusion.trade_models.trade_plan": ("TradePlan",),
    "bt_fusion.tuning.tuning": ("StudyOptions", "tune"),
    "bt_fusion.why.why": ("explain_entry",),
}
MODULE_OF = {name: module for module, names in NAMES_OF.items() for name in names}

__all__ = sorted(MODULE_OF)

serve_checkout(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib import metadata

        return metadata.version("bt-fusion")
    if name not in MODULE_OF:
        raise AttributeError(f"module 'bt_fusion' has no attribute {name!r}")
    value = getattr(import_module(MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
