"""Table of each member's export to ONNX."""

from collections.abc import Collection, Mapping

from rich.table import Table

from bt_fusion.ensemble.onnx_export import Export
from bt_fusion.report.figures import NONE, count
from bt_fusion.report.terminal.titled import titled

__all__ = ["export_table"]


def export_table(exported: Mapping[str, Export], calibrated: Collection[str]) -> Table:
    """Return a row per member: bytes, largest difference, and its meaning or the error.

    Parameters
    ----------
    exported : mapping of str to Export
    calibrated : collection of str
        Members that predict by their own library, with a calibration on top.
    """
    table = titled("ONNX", "Member", "Bytes", "Largest difference", "")
    table.columns[3].justify = "left"
    for name, export in exported.items():
        size = NONE if export.content is None else count(len(export.content))
        difference = NONE if export.difference is None else f"{export.difference:.1e}"
        table.add_row(name, size, difference, _meaning(export, name in calibrated))
    return table


def _meaning(export: Export, calibrated: bool) -> str:
    if export.content is None:
        return f"not exported: {export.reason}"
    return "kept; the calibrated member predicts" if calibrated else "predicts"
