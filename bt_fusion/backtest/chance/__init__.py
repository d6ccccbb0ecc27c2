"""Random filters for a pair of runs."""
