"""ONNX files, their cards, and which of them serves."""
