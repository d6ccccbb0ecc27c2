"""A second opinion from an ML ensemble for Backtrader strategies.

Names are imported when first used, so that ``import bt_fusion`` costs next to nothing.
"""

from importlib import import_module, metadata
from pathlib import Path

__all__ = [
    "BarsError",
    "BtFusionError",
    "BtFusionWarning",
    "BundleError",
    "Confidence",
    "Direction",
    "Ensemble",
    "FeatureSet",
    "Gain",
    "ModelCompatibilityError",
    "OptionError",
    "Predictions",
    "Signal",
    "SignalModel",
    "StrategyError",
    "TrainingError",
    "TripleBarrier",
    "WalkForward",
    "check_bars",
    "feature",
    "load_model",
    "load_sample",
    "make_preset",
    "read_bars",
    "repair_bars",
    "tidy_bars",
]

HOMES = {
    "bt_fusion.data.bars": ("check_bars", "repair_bars"),
    "bt_fusion.ensemble.ensemble": ("Ensemble",),
    "bt_fusion.errors": (
        "BarsError",
        "BtFusionError",
        "BtFusionWarning",
        "BundleError",
        "ModelCompatibilityError",
        "OptionError",
        "StrategyError",
        "TrainingError",
    ),
    "bt_fusion.features": ("FeatureSet", "feature"),
    "bt_fusion.labels": ("Direction", "Gain", "TripleBarrier"),
    "bt_fusion.models.predictions": ("Confidence", "Predictions", "Signal"),
    "bt_fusion.models.presets": ("make_preset",),
    "bt_fusion.data.readers": ("read_bars", "tidy_bars"),
    "bt_fusion.data.samples": ("load_sample",),
    "bt_fusion.models.signal_model": ("SignalModel", "load_model"),
    "bt_fusion.models.walk_forward": ("WalkForward",),
}
HOME_OF = {name: module for module, names in HOMES.items() for name in names}

# In a checkout indicators/, strategies/ and analyzers/ stand beside this folder; setup.cfg maps
# them into it when installed. Found here, they are found before an installed version's.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "indicators" / "ml_ensemble.py").is_file():
    __path__.append(str(_checkout))


def __getattr__(name: str) -> object:
    if name == "__version__":
        return metadata.version("bt-fusion")
    if name not in HOME_OF:
        raise AttributeError(f"module 'bt_fusion' has no attribute {name!r}")
    value = getattr(import_module(HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
