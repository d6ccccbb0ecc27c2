"""A managed model's trade plans, as indicators."""
