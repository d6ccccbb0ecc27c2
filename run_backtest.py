"""Compare a strategy with ML off and on over the same unseen bars: see --help."""

from bt_fusion.start import run_backtest

if __name__ == "__main__":
    run_backtest()
