"""Many variants of a strategy over one set of predictions."""
