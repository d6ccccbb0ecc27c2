"""Bars in one form: read, checked, sampled, from a name on the command line to a DataFrame."""
