"""Models in a bundle besides its first one, each with its own columns."""
