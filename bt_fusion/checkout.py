"""Import from a checkout that is not installed: find its three top folders.

setup.cfg maps indicators/, strategies/ and analyzers/ into bt_fusion. In a checkout they are next
to this folder, so a finder handles exactly these three names. Every command starts here, before it
handles Ctrl-C, so slow imports are made where they are needed.
"""

import os
import sys
from importlib.machinery import ModuleSpec

__all__ = ["FOLDERS", "CheckoutFinder", "same_modules", "serve_checkout"]

FOLDERS = ("indicators", "strategies", "analyzers")


class CheckoutFinder:
    """Find ``bt_fusion.indicators`` and the other two in the top folder of a checkout.

    Parameters
    ----------
    root : str
        The checkout.
    """

    def __init__(self, root: str):
        self.root = root

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the location of one of the three packages, None for any other name."""
        package, _, folder = name.partition(".")
        if package != "bt_fusion" or folder not in FOLDERS:
            return None
        from importlib.util import spec_from_file_location

        place = os.path.join(self.root, folder)
        return spec_from_file_location(
            name, os.path.join(place, "__init__.py"), submodule_search_locations=[place]
        )


def serve_checkout(root: str) -> None:
    """Make the checkout's three folders take precedence over an installed version; runs once."""
    if not os.path.isfile(os.path.join(root, "indicators", "ml_ensemble.py")):
        return  # installed: they are inside the package
    known = [each.root for each in sys.meta_path if isinstance(each, CheckoutFinder)]
    if root not in known:
        sys.meta_path.insert(0, CheckoutFinder(root))


def same_modules(folder: str, file: str) -> None:
    """Make ``import indicators`` inside a checkout mean ``bt_fusion.indicators``.

    Otherwise every class would exist twice, and isinstance checks would fail for no visible reason.
    If bt_fusion comes from elsewhere (a wheel), the folder stays a separate package.

    Parameters
    ----------
    folder : str
        One of `FOLDERS`.
    file : str
        The `__file__` of the caller.
    """
    inside = f"bt_fusion.{folder}"
    served = sys.modules[inside].__file__ or ""
    if os.path.realpath(served) != os.path.realpath(file):
        return
    for name, module in list(sys.modules.items()):
        if name == inside or name.startswith(f"{inside}."):
            sys.modules[name.removeprefix("bt_fusion.")] = module
