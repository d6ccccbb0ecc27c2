"""One file a kind of fitted part: how it is saved, checked and loaded."""
