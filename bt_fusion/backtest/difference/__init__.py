"""Sources and robustness of the difference between ML off and ML on."""
