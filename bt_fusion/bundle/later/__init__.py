"""Models that a bundle holds beside its first one, each with columns of its own."""
