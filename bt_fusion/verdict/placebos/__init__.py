"""Random filters on the same bars."""
