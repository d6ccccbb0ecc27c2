"""Planted leaks and honest controls: what the audits find, and what freqtrade's method would.

``python -m benchmarks.leaks`` tries every case on three sets of bars and three seeds and prints one
table; ``--shipped`` tries everything this project ships instead. A case is a small piece of code as
a user would write it, in `benchmarks.leaks.cases`, one module a kind.
"""
