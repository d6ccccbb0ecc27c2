"""Saved models: a folder that is checked on loading and contains no code.

A bundle has `manifest.json` and one file per fitted part. Boosters are in their own text formats
and scikit-learn parts in skops; nothing is a pickle. Loading checks, in this order: regular files
inside the folder, sizes, digests, schema and versions, features and classes, the list of allowed
types, tree indices in bounds, and the predictions on golden rows. Digests detect corruption, not
tampering: anyone who can write to the folder can substitute a model, so pass the expected digest to
`load_model` if that matters. The later checks keep a malicious file from running code or crashing
the process.
"""

from bt_fusion.bundle.card import describe
from bt_fusion.bundle.later.later_model import LaterModel
from bt_fusion.bundle.load import SavedModel, load_saved
from bt_fusion.bundle.pickles import load_pickle
from bt_fusion.bundle.save import save_model

__all__ = ["LaterModel", "SavedModel", "describe", "load_pickle", "load_saved", "save_model"]
