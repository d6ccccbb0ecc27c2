"""Models elsewhere: pushed to a folder, a bucket or Hugging Face, and pulled from there.

A place is a URL. What is pushed is checked first as a load would; what is pulled is checked before
it takes the place of anything. Of a folder or a bucket the place is itself a saved model, with
beside it

    revisions/DIGEST.json   the manifest of each model that was pushed
    tags/NAME.txt           the digest that a tag names

Files carry the digest of their content in their name and are never removed, so that earlier
revisions stay whole. On Hugging Face a push is one commit, and revisions are the repository's own.
"""

from bt_fusion.hub.cache import model_folder, pinned_model
from bt_fusion.hub.pull import pull_model
from bt_fusion.hub.push import push_model
from bt_fusion.hub.transfer import Transfer

__all__ = ["Transfer", "model_folder", "pinned_model", "pull_model", "push_model"]
