"""Push a saved model: check it as on loading, then upload it, its manifest last."""

from pathlib import Path

from bt_fusion.bundle.files import read_whole
from bt_fusion.bundle.load import check_digest, load_saved
from bt_fusion.errors import OptionError
from bt_fusion.hub.address import Address, checked_tag
from bt_fusion.hub.opening import open_store
from bt_fusion.hub.transfer import Transfer
from bt_fusion.progress import step
from bt_fusion.urls import is_url, redacted

__all__ = ["push_model"]


def push_model(folder: str | Path, url: str | Path, *, tag: str | None = None) -> Transfer:
    """Upload a saved model for others to pull; readers see the old model or the new one.

    Only missing files are uploaded, so that an interrupted push continues. Earlier models stay
    available by their tags and digests.

    Parameters
    ----------
    folder : path
        Of a saved model.
    url : str
        Of the place; see docs/hub.md. Or a folder. ``URL@TAG`` also sets a tag; on Hugging Face,
        ``hf://owner/repository@BRANCH`` a branch.
    tag : str, optional
        Name of this model. An existing tag moves there, except on Hugging Face.

    Returns
    -------
    Transfer

    Raises
    ------
    BundleError, ModelCompatibilityError
        As `load_model`, for the folder; nothing is pushed in that case.
    HubError
        If the place cannot be reached or written.
    OptionError
        For an invalid URL or tag.

    Examples
    --------
    >>> push_model("models/mine", "s3://bucket/models/mine", tag="v1")  # doctest: +SKIP
    """
    if is_url(folder):
        raise OptionError(f"{redacted(str(folder))} is a URL; give the folder of a saved model")
    address, path = Address.of(url), Path(folder).expanduser()
    named = None if tag is None else checked_tag(tag)
    if address.protocol != "hf":
        named = named or address.revision
    if address.folder is not None and address.folder.resolve() == path.resolve():
        raise OptionError(f"{path} is the model itself; give another place to push to")
    load_saved(path)
    content, files = read_whole(path)
    digest = content["digest"]
    if address.digest is not None:
        check_digest(path, digest, address.digest)
    total = sum(map(len, files.values()))
    with step("Uploading the model") as report:
        store = open_store(address)
        pinned, moved = store.push(files, digest, named, lambda done: report(done, total))
    size = sum(len(files[name]) for name in moved)
    return Transfer(str(pinned), digest, len(files), len(moved), size, named)
