"""Classifiers that vote on rows (X, y); they know nothing of bars."""
