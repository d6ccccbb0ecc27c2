"""The whole comparison over many files."""
