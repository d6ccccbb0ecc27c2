"""Tables for the terminal, drawn by rich."""
