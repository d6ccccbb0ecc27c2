"""Figures of returns and trades, and how sure they are."""
