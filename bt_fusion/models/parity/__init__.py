"""The parity certificate: equal predictions in a batch, bar by bar, reloaded and in ONNX."""
