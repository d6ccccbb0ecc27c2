"""After an entry: models that learn from a signal model's out-of-sample trades."""
