"""P6: how long `import bt_fusion` and the help of the command line take."""

import sys

from benchmarks.registry import Measured, Ratio
from benchmarks.timing import ROOT, process_seconds

__all__ = ["measure"]

USUAL = "import bt_fusion; bt_fusion.SignalModel, bt_fusion.WalkForward, bt_fusion.load_sample"


def measure(repeats: int = 9) -> Measured:
    """Measure whole processes, the median of several.

    The package imports its parts when they are first used, so a part tells what the names
    everybody uses add, scikit-learn and all.
    """
    base = process_seconds(_python("import numpy, pandas"), repeats)
    package = process_seconds(_python("import numpy, pandas, bt_fusion"), repeats)
    used = process_seconds(_python(f"import numpy, pandas; {USUAL}"), repeats)
    shown = process_seconds([sys.executable, str(ROOT / "run_backtest.py"), "--help"], repeats)
    return Measured(
        "new processes: the import beyond numpy and pandas; `--help`",
        {
            "numpy_pandas_s": base,
            "with_bt_fusion_s": package,
            "with_its_usual_names_s": used,
            "help_s": shown,
        },
        (Ratio("import, s", package - base, most=0.3), Ratio("--help, s", shown, most=1.0)),
    )


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]
