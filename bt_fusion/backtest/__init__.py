"""Backtests: feed, runner, comparison, report and command line."""
