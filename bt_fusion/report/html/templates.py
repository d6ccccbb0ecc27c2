"""Templates of report.html, in the folder `assets`."""

from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["asset", "render"]


@cache
def environment() -> Environment:
    """Return the shared environment: it escapes every value and rejects undefined names."""
    return Environment(
        loader=PackageLoader("bt_fusion.report.html", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, data: dict[str, Any]) -> str:
    """Fill a template of `assets`."""
    return environment().get_template(template).render(data)


def asset(name: str) -> str:
    """Return a file of `assets` unchanged."""
    return (resources.files("bt_fusion.report.html") / "assets" / name).read_text(encoding="utf-8")
