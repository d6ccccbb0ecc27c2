"""Predictions bar by bar: of a fitted model, and of a walk-forward that refits on the way."""
