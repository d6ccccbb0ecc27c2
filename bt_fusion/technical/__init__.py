"""Technical analysis on arrays: smoothings, regimes, candles, support and entry scores."""
