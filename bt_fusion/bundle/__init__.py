"""Saved models: a folder that says what it holds, proves it when loaded, and runs no code.

A bundle holds `manifest.json` and one file for each fitted part. Boosters are kept in their own
text formats and scikit-learn parts in skops; nothing is a pickle. Loading checks, in this order:
regular files inside the folder, sizes, digests, schema and versions, features and classes, the
list of allowed types, tree indices in bounds, and the predictions on golden rows. Digests find
accidents; the later checks keep a file that was made to harm from running code or crashing the
process. Who can write the folder can still put another honest-looking model there: give
`load_model` the digest you expect where that matters.
"""

from bt_fusion.bundle.card import describe
from bt_fusion.bundle.load import load_model
from bt_fusion.bundle.pickles import load_pickle
from bt_fusion.bundle.save import save_model
from bt_fusion.report.terminal.model_card import card_table

__all__ = ["card_table", "describe", "load_model", "load_pickle", "save_model"]
