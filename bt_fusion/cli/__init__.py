"""The commands: one module each, the options they share, and the terminal."""
