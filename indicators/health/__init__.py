"""The health of a model behind an ensemble, and its lines."""
