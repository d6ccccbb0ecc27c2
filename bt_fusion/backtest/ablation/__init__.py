"""Ablation: the contribution of each model of a managed trade."""
