"""Options from a TOML file, and the command that writes one."""
