"""Classifiers that vote on rows (X, y), independent of bars."""
