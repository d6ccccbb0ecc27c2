"""How the docs site is made: what the build generates, and the code blocks of its pages."""
