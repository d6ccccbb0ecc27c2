"""Where the difference between ML off and ML on comes from, and how firm it is."""
