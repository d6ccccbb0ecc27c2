"""Candles from exchanges and Yahoo: downloaded page by page and cached on this computer."""
