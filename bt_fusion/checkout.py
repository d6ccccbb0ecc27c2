"""A checkout that was not installed: its three top folders under their names in the package.

setup.cfg maps indicators/, strategies/ and analyzers/ into bt_fusion. In a checkout they stand
beside this folder, so a finder serves these three names and no other.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

__all__ = ["FOLDERS", "CheckoutFinder", "same_modules", "serve_checkout"]

FOLDERS = ("indicators", "strategies", "analyzers")


class CheckoutFinder(MetaPathFinder):
    """Find ``bt_fusion.indicators`` and the other two in the top folder of a checkout.

    Parameters
    ----------
    root : Path
        The checkout.
    """

    def __init__(self, root: Path):
        self.root = root

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where one of the three packages stands, None for any other name."""
        package, _, folder = name.partition(".")
        if package != "bt_fusion" or folder not in FOLDERS:
            return None
        place = self.root / folder
        return spec_from_file_location(
            name, place / "__init__.py", submodule_search_locations=[str(place)]
        )


def serve_checkout(root: Path) -> None:
    """Serve the three folders of a checkout before any installed version's, once."""
    if not (root / "indicators" / "ml_ensemble.py").is_file():
        return  # installed: they stand inside the package
    known = [each.root for each in sys.meta_path if isinstance(each, CheckoutFinder)]
    if root not in known:
        sys.meta_path.insert(0, CheckoutFinder(root))


def same_modules(folder: str, file: str) -> None:
    """Make ``import indicators`` inside a checkout mean ``bt_fusion.indicators``.

    Else every class would exist twice, and an isinstance check fail without a reason one can see.
    Where bt_fusion comes from elsewhere (a wheel), the folder stays a package of its own.

    Parameters
    ----------
    folder : str
        One of `FOLDERS`.
    file : str
        The `__file__` of who asks.
    """
    inside = f"bt_fusion.{folder}"
    served = sys.modules[inside].__file__ or ""
    if Path(served).resolve() != Path(file).resolve():
        return
    for name, module in list(sys.modules.items()):
        if name == inside or name.startswith(f"{inside}."):
            sys.modules[name.removeprefix("bt_fusion.")] = module
