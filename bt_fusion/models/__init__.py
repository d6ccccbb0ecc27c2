"""From bars to predictions: the signal model, its presets, walk-forward and refits."""
