"""Models elsewhere: pushed to and pulled from a folder, a bucket or Hugging Face.

A place is a URL. A pushed model is first checked as on loading; a pulled one is checked before it
replaces anything. In a folder or a bucket, the place is itself a saved model, with these files
beside it:

    revisions/DIGEST.json   the manifest of each model that was pushed
    tags/NAME.txt           the digest that a tag names

Files have the digest of their content in their name and are never removed, so earlier revisions
stay complete. On Hugging Face a push is one commit, and revisions are those of the repository.
"""

from bt_fusion.hub.cache import model_folder, pinned_model
from bt_fusion.hub.pull import pull_model
from bt_fusion.hub.push import push_model
from bt_fusion.hub.transfer import Transfer

__all__ = ["Transfer", "model_folder", "pinned_model", "pull_model", "push_model"]
