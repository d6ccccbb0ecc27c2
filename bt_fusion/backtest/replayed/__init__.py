"""Runs of FusionStrategy over arrays, without the engine and with its figures."""
