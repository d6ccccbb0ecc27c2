"""The commands that read what is saved: a finished run, or a model."""
