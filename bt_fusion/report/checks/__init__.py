"""What the audits, the parity certificate and the broker guard say, in words and rows."""
