"""What a backtest leaves behind: a table on the terminal, files and pictures."""
