"""What a managed model says of trades, as indicators."""
