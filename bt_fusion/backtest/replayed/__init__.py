"""Replays of FusionStrategy over arrays, with the same figures as the engine."""
