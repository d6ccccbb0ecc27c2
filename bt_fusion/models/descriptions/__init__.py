"""The printed form of models and predictions."""
