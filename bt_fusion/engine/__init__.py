"""One strategy over bars in Backtrader, without and with ML."""
