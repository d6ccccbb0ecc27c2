"""The data that the charts of report.html are drawn from."""
