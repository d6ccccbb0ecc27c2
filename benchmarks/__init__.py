"""Benchmarks: what the project promises to reach, measured as ratios inside one run.

``python -m benchmarks`` prints the speed figures P1, P2, ... with their parts,
``python -m benchmarks edge walks`` the two checks of honesty that take minutes. Each figure is a
module; its sizes are keyword arguments, and ``--size bars=2000`` sets them from outside.
"""
