"""What the audits and the parity certificate say, in words and rows."""
