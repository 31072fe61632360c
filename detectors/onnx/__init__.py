"""Any ONNX model with a card is a detector: no code, one folder in ``AVAUDIT_HOME/onnx``."""

from .models import OnnxModels

__all__ = ["OnnxModels"]
