"""Turn errors of storage libraries into errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from bt_fusion.errors import BtFusionError, HubError, OptionError
from bt_fusion.hub.address import Address
from bt_fusion.urls import redacted

__all__ = ["hub_errors"]

# Class names, so that no library is imported for the check
UNREACHABLE = {
    *("ConnectionError", "ClientConnectionError", "HTTPClientError", "TransportError"),
    *("TimeoutError", "gaierror", "ResponseStreamingError", "ClientPayloadError"),
    *("IncompleteReadError", "OfflineModeIsEnabled"),
}
NO_CREDENTIALS = {
    *("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"),
    *("UnauthorizedSSOTokenError", "SSOTokenLoadError", "LocalTokenNotFoundError"),
}
MISSING = {"FileNotFoundError", "EntryNotFoundError"}
KEYS = {
    **dict.fromkeys(("file", "local"), "ask for the right to read and write there"),
    "s3": (
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, AWS_ENDPOINT_URL for "
        "another server than Amazon's, FSSPEC_S3_ANON=true for a public bucket"
    ),
    "hf": "run `hf auth login`, or set HF_TOKEN; to push the token needs the right to write",
}
EXTRA = "pip install 'bt-fusion[hub]'"
STATUS = {  # of Hugging Face
    401: "the token is not valid",
    403: "the token does not allow it",
    409: "it is there already, or somebody else is at work on it; try again",
    412: "somebody else has pushed meanwhile; push again",
    429: "there were too many requests; wait some minutes",
}


@contextmanager
def hub_errors(address: Address, missing: str = "") -> Iterator[None]:
    """Turn errors at a place into a HubError with a remedy.

    Parameters
    ----------
    address : Address
    missing : str, optional
        Message if something is missing there.

    Raises
    ------
    HubError, OptionError
    """
    try:
        yield
    except BtFusionError:
        raise
    except ImportError as error:
        raise HubError(_package(address, error)) from None
    except Exception as error:
        # None: a library's text on a URL may contain its password
        raise _explained(address, error, missing) from None


def _explained(address: Address, error: Exception, missing: str) -> BtFusionError:
    causes = list(_chain(error))
    names = {kind.__name__ for each in causes for kind in type(each).__mro__}
    keys = KEYS.get(address.protocol, "give the credentials that fsspec's documentation names")
    text = _first_line(error)
    if "Protocol not known" in text:
        return OptionError(f"{address}: fsspec knows no {address.protocol}://; give another URL")
    if "RevisionNotFoundError" in names:
        return HubError(f"{address}: the repository has no such branch, tag or commit; correct it")
    if "GatedRepoError" in names or "RepositoryNotFoundError" in names:
        return HubError(
            f"{address}: no such repository, or none you may see; correct it, or {keys}"
        )
    if _code(causes) == "NoSuchBucket" or "bucket does not exist" in text:
        return HubError(f"{address}: there is no such bucket; create it, or correct the URL")
    if names & NO_CREDENTIALS:
        return HubError(f"{address}: no credentials; {keys}")
    status = _status(causes)
    if "PermissionError" in names or status in (401, 403):
        return HubError(f"{address} refused: {STATUS.get(status) or text}; {keys}")
    if status in STATUS:
        return HubError(f"{address} refused: {STATUS[status]}")
    if names & MISSING:
        return HubError(f"{address}: {missing or text}")
    if names & UNREACHABLE:
        return HubError(
            f"{address} cannot be reached, or broke off: {text}; check the connection and try "
            "again. A model pulled before loads without it: give its URL with @sha256:DIGEST"
        )
    return HubError(f"{address} failed: {type(error).__name__}: {text}; try again")


def _package(address: Address, error: ImportError) -> str:
    named = {"fsspec": EXTRA, "s3fs": EXTRA, "huggingface_hub": EXTRA}
    for name, remedy in named.items():
        if name in str(error) or address.protocol in ("s3", "hf"):
            return f"{address}: {address.protocol}:// needs the extra hub; {remedy}"
    return f"{address}: {redacted(str(error))}"  # fsspec's own message names the package


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _code(causes: list[BaseException]) -> str:
    """Return the error code of S3, empty if there is none."""
    for each in causes:
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _status(causes: list[BaseException]) -> int:
    """Return the HTTP status of a Hugging Face response, 0 if there is none."""
    for each in causes:
        status = getattr(getattr(each, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return 0


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in redacted(str(error)).splitlines() if line.strip()]
    return (lines[0][:200] if lines else type(error).__name__).rstrip(".")
