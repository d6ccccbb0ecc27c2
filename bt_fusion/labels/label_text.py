"""A label and its parameters as one text: ``gain(horizon=5, threshold=0.005)``."""

import ast
from typing import Any

from bt_fusion.errors import OptionError

__all__ = ["parse_label"]

EXAMPLE = "gain(horizon=5, threshold=0.005)"


def parse_label(text: str) -> tuple[str, dict[str, Any]]:
    """Return the name and the parameters from the text of a label.

    Raises
    ------
    OptionError
        For text other than a name, or a name with keyword parameters as literals.

    Examples
    --------
    >>> parse_label("gain(horizon=5, threshold=0.005)")
    ('gain', {'horizon': 5, 'threshold': 0.005})
    >>> parse_label("direction")
    ('direction', {})
    """
    if "(" not in text:
        return text, {}
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise OptionError(f"label {text!r} cannot be read; write it as {EXAMPLE}")
    name = call.func.id
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise OptionError(
            f"label {text!r} gives a parameter of {name} without its name; write {EXAMPLE}"
        )
    found = {str(keyword.arg): _literal(name, keyword) for keyword in call.keywords}
    if len(found) < len(call.keywords):
        raise OptionError(f"label {text!r} gives a parameter twice; give each once")
    return name, found


def _literal(name: str, keyword: ast.keyword) -> Any:
    try:
        return ast.literal_eval(keyword.value)
    except (ValueError, TypeError, RecursionError):
        raise OptionError(
            f"parameter {keyword.arg} of label {name} is {ast.unparse(keyword.value)}, which is no "
            f"number; write it out, as in {EXAMPLE}"
        ) from None
