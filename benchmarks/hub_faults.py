"""What somebody does to a model that was pushed, and a pull must notice."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.hub_places import Place
from bt_fusion.bundle.manifest import MANIFEST, with_digest

__all__ = ["FAULTS", "PINNED_FAULTS", "reseal"]

HUGE = 600 * 2**20


def part_of(place: Place) -> str:
    """Return the name of a part of the model."""
    content = json.loads(place.read(MANIFEST))
    return content["parts"][0]["file"]


def change(place: Place, name: str, edit: Callable[[bytes], bytes | None]) -> None:
    """Replace a file by what is made of it."""
    place.write(name, edit(place.read(name)))


def flipped(data: bytes) -> bytes:
    """Return data with one bit changed, in the middle."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def reseal(place: Place, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest and set its digest right again, as whoever may write there can."""
    content = json.loads(place.read(MANIFEST))
    edit(content)
    place.write(MANIFEST, with_digest(content))


def renamed(place: Place, to: str) -> None:
    """List the first part under another name."""
    old = part_of(place)

    def edit(content: dict[str, Any]) -> None:
        content["files"][to] = content["files"].pop(old)
        content["parts"][0]["file"] = to

    reseal(place, edit)


def entry(content: dict[str, Any]) -> dict[str, Any]:
    """Return what the manifest says of the first part's file."""
    return content["files"][content["parts"][0]["file"]]


# What is done: how, and what the refusal says
FAULTS: dict[str, tuple[Callable[[Place], object], str]] = {
    "a bit of a part": (lambda p: change(p, part_of(p), flipped), "its digest differs"),
    "half a part": (
        lambda p: change(p, part_of(p), lambda data: data[: len(data) // 2]),
        "it is cut short",
    ),
    "a longer part": (lambda p: change(p, part_of(p), lambda data: data + b" "), "at most"),
    "no part": (lambda p: change(p, part_of(p), lambda _: None), "missing"),
    "a bit of the manifest": (
        lambda p: change(p, MANIFEST, lambda data: data.replace(b'"seed": 0', b'"seed": 1', 1)),
        "its digest differs",
    ),
    "half the manifest": (
        lambda p: change(p, MANIFEST, lambda data: data[: len(data) // 2]),
        "not sound JSON",
    ),
    "no manifest": (lambda p: change(p, MANIFEST, lambda _: None), "missing"),
    "a file outside the folder": (
        lambda p: renamed(p, "../evil.0123456789abcdef.txt"),
        "does not lie in the folder itself",
    ),
    "an absolute file": (
        lambda p: renamed(p, "/tmp/evil.0123456789abcdef.txt"),
        "does not lie in the folder itself",
    ),
    "600 MiB announced": (
        lambda p: reseal(p, lambda content: entry(content).update(size=HUGE)),
        "claims 629,145,600 bytes",
    ),
    "thousands of files": (
        lambda p: reseal(
            p,
            lambda content: content["files"].update(
                {f"x{n}.0123456789abcdef.txt": entry(content) for n in range(2_000)}
            ),
        ),
        "more than 64 files",
    ),
    "a pickle": (
        lambda p: reseal(p, lambda content: content["parts"][0].update(kind="pickle")),
        "pickle",
    ),
}
# Nothing but the digest that is asked for betrays these
PINNED_FAULTS: dict[str, Callable[[Place], object]] = {
    "an edited manifest, sealed again": lambda p: reseal(
        p, lambda content: content.update(symbol="another")
    ),
}
