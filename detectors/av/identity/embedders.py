"""The two published networks: a face or a voice becomes a vector of length 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from avaudit.errors import ExaminationError
from avaudit.media.types import RgbArray

from .filterbank import filter_bank

FACE_PX = 160

Vector = npt.NDArray[np.float64]


class Embedders(Protocol):
    """What turns faces and voices into vectors."""

    def face(self, crops: list[RgbArray]) -> Vector:
        """Give the mean direction of crops of one face, ``uint8`` (160, 160, 3) each."""
        ...

    def voice(self, samples: npt.NDArray[np.float32]) -> Vector:
        """Give the direction of some seconds of sound, mono at 16 kHz."""
        ...


class PublishedEmbedders:
    """InceptionResnetV1 (VGGFace2) and WeSpeaker's ResNet34 (VoxCeleb), each on one thread.

    Raises
    ------
    ExaminationError
        ``dependency_missing`` without onnxruntime; ``weights_damaged`` where a file cannot be
        loaded into the network it is for.
    """

    def __init__(self, face: Path, voice: Path) -> None:
        self._face = _face_network(face)
        self._voice, self._voice_input = _voice_session(voice)

    def face(self, crops: list[RgbArray]) -> Vector:
        """Give the mean direction of crops of one face."""
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums over several threads depend on their number
        try:
            with torch.inference_mode():
                pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float()
                found = self._face((pixels - 127.5) / 128.0).numpy()
        finally:
            torch.set_num_threads(threads)
        return unit(found.astype(np.float64).mean(axis=0))

    def voice(self, samples: npt.NDArray[np.float32]) -> Vector:
        """Give the direction of some seconds of sound."""
        features = filter_bank(samples)[None]
        (found,) = self._voice.run(None, {self._voice_input: features})
        return unit(np.asarray(found, np.float64).ravel())


def unit(vector: Vector) -> Vector:
    """Scale to length 1; a vector of zeros stays one."""
    scaled: Vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return scaled


def _face_network(path: Path) -> Any:
    import torch
    from facenet_pytorch import InceptionResnetV1  # type: ignore[import-untyped]

    network = InceptionResnetV1(pretrained=None).eval()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        # the last layer names the people of the training set: not needed, not loaded
        named = {key: value for key, value in state.items() if not key.startswith("logits.")}
        network.load_state_dict(named)
    except Exception as error:  # torch raises classes of several packages
        raise ExaminationError("weights_damaged", f"{path.name} cannot be loaded") from error
    return network


def _voice_session(path: Path) -> tuple[Any, str]:
    try:
        import onnxruntime
    except ImportError as error:
        text = "the package onnxruntime is not installed: pip install 'avaudit[onnx]'"
        raise ExaminationError("dependency_missing", text) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises classes of its own
        raise ExaminationError("weights_damaged", f"{path.name} cannot be loaded") from error
    return session, session.get_inputs()[0].name
