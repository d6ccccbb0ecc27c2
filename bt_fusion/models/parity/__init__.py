"""The parity certificate: a model predicts the same in a batch, bar by bar, reloaded, in ONNX."""
