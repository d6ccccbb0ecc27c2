"""Candles from exchanges and from Yahoo: fetched page by page, and kept on this computer."""
