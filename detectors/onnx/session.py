"""Running a model: one thread, no changes of the graph that could change its sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avaudit.errors import ExaminationError
from avaudit.weights import file_sha256

from .declaration import Declaration

MISSING = "the package onnxruntime is not installed: pip install 'avaudit[onnx]'"


class Model:
    """An ONNX model as its card declares it.

    Raises
    ------
    ExaminationError
        ``weights_missing``, ``weights_damaged`` (another digest than the card's),
        ``dependency_missing`` or ``model_refused`` (onnxruntime cannot load it).
    """

    def __init__(self, path: Path, declaration: Declaration) -> None:
        self._declaration = declaration
        if not path.is_file():
            raise ExaminationError("weights_missing", f"{path.name} does not lie beside its card")
        if file_sha256(path) != declaration.sha256:
            raise ExaminationError(
                "weights_damaged",
                f"{path.name} is not the model of the card (its sha256 differs)",
            )
        try:
            import onnxruntime
        except ImportError as error:
            raise ExaminationError("dependency_missing", MISSING) from error
        options = onnxruntime.SessionOptions()
        # one thread and sequential order: the same sums in the same order, the same bits
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises classes of its own
            raise ExaminationError("model_refused", f"{path.name}: {error}") from error
        self._input = self._session.get_inputs()[0].name

    def score(self, values: npt.NDArray[np.float32]) -> float:
        """Give the number the card points at, turned so that more supports H1.

        Raises
        ------
        ExaminationError
            ``model_failed`` when the model cannot run, has no such output, or says NaN.
        """
        declared = self._declaration
        try:
            outputs = self._session.run(None, {self._input: values})
            flat = np.asarray(outputs[declared.output], dtype=np.float64).ravel()
            number = float(flat[declared.index])
        except Exception as error:  # onnxruntime raises classes of its own
            raise ExaminationError("model_failed", f"the model failed: {error}") from error
        if not np.isfinite(number):
            raise ExaminationError("model_failed", "the model gave no finite number")
        return declared.direction * number
