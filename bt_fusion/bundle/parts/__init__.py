"""One file per kind of fitted part: how to save, check and load it."""
