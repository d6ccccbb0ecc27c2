"""Search for better parameters over purged folds."""
