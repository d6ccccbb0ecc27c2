"""Other projects, each in an environment of its own, and the scripts that run there."""
