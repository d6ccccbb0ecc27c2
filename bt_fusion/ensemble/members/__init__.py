"""The members of an ensemble, by name."""
