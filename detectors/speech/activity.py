"""Where somebody speaks: the voice activity model of silero-vad, and a gate over its answers.

The weights are the safetensors file that the ``silero-vad`` package ships (version 6.2, MIT); they
come from another training run than the package's ``torch.jit`` and ONNX files and answer slightly
differently. The package's own loaders want ``torch.jit`` or onnxruntime; the network is small
enough for numpy, which keeps a scan without other models free of torch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.errors import AvauditError

Floats = npt.NDArray[np.float32]

FRAME = 512
"""Samples of one frame at 16 kHz: 32 ms."""

BATCH = 64
"""Frames computed together, always this many: results do not depend on how the sound arrives."""

CONTEXT, REFLECTED = 64, 64
STFT_SIZE, STFT_HOP, STFT_BINS = 256, 128, 129
UNITS = 128

SPEECH_ABOVE, SILENCE_BELOW = 0.5, 0.35
MIN_SPEECH_FRAMES = 8
"""Shorter bursts (a quarter of a second) are not taken for speech."""

PAD_FRAMES = 8
"""Frames kept before and after speech; pauses up to twice that stay whole."""


class SpeechProbability:
    """Probability of speech in each frame of one gap-free run at 16 kHz."""

    def __init__(self) -> None:
        self._weights = _weights()
        self._context = np.zeros(CONTEXT, np.float32)
        self._hidden = np.zeros(UNITS, np.float32)
        self._cell = np.zeros(UNITS, np.float32)

    def push(self, frames: Floats) -> Floats:
        """Map the run's next frames (BATCH, 512) to probabilities (BATCH,)."""
        contexts = np.concatenate([self._context[None], frames[:-1, -CONTEXT:]])
        self._context = frames[-1, -CONTEXT:].copy()
        x = np.concatenate([contexts, frames], axis=1)
        x = np.concatenate([x, x[:, -2 : -2 - REFLECTED : -1]], axis=1)
        return self._recurrent(self._encoded(x))

    def _encoded(self, x: Floats) -> Floats:
        w = self._weights
        windows = np.lib.stride_tricks.sliding_window_view(x, STFT_SIZE, axis=1)[:, ::STFT_HOP]
        spectrum = windows @ w["stft"]
        x = np.sqrt(spectrum[..., :STFT_BINS] ** 2 + spectrum[..., STFT_BINS:] ** 2)
        x = _convolved(x, w["conv1"], w["bias1"], stride=1)
        x = _convolved(x, w["conv2"], w["bias2"], stride=2)
        x = _convolved(x, w["conv3"], w["bias3"], stride=2)
        return _convolved(x, w["conv4"], w["bias4"], stride=1)[:, 0]

    def _recurrent(self, x: Floats) -> Floats:
        w = self._weights
        from_input = x @ w["input"] + w["bias"]
        states = np.empty((len(x), UNITS), np.float32)
        for step, gates_in in enumerate(from_input):
            gates = gates_in + self._hidden @ w["recurrent"]
            opened = _sigmoid(gates)
            candidate = np.tanh(gates[2 * UNITS : 3 * UNITS])
            self._cell = opened[UNITS : 2 * UNITS] * self._cell + opened[:UNITS] * candidate
            self._hidden = opened[3 * UNITS :] * np.tanh(self._cell)
            states[step] = self._hidden
        return _sigmoid(np.maximum(states, 0) @ w["final"] + w["bias_final"])


class SpeechGate:
    """Turns probabilities into a decision for each frame: keep it or not.

    Speech begins at a probability of 0.5 and ends below 0.35; bursts shorter than a quarter of a
    second are ignored; a quarter of a second around speech is kept.
    """

    def __init__(self) -> None:
        self.speech_frames = 0
        self._speaking = self._confirmed = False
        self._burst = 0
        self._undecided: deque[bool] = deque()
        self._since_speech = PAD_FRAMES + 1

    def push(self, probabilities: Iterable[float]) -> Iterator[bool]:
        """Take probabilities of the next frames; give the decisions that are ripe, in order."""
        for probability in probabilities:
            self._speaking = probability >= (SILENCE_BELOW if self._speaking else SPEECH_ABOVE)
            if not self._speaking:
                yield from self._silence(self._burst + 1)
                self._burst, self._confirmed = 0, False
            elif self._confirmed:
                yield from self._speech(1)
            else:
                self._burst += 1
                if self._burst == MIN_SPEECH_FRAMES:
                    yield from self._speech(self._burst)
                    self._burst, self._confirmed = 0, True

    def flush(self) -> Iterator[bool]:
        """Give the decisions for all frames that are left."""
        yield from self._silence(self._burst)
        yield from self._undecided

    def _speech(self, frames: int) -> Iterator[bool]:
        self.speech_frames += frames
        self._since_speech = 0
        kept = len(self._undecided) + frames
        self._undecided.clear()
        yield from (True for _ in range(kept))

    def _silence(self, frames: int) -> Iterator[bool]:
        for _ in range(frames):
            self._since_speech += 1
            if self._since_speech <= PAD_FRAMES:
                yield True
                continue
            self._undecided.append(False)
            if len(self._undecided) > PAD_FRAMES:
                yield self._undecided.popleft()


def _convolved(x: Floats, weight: Floats, bias: Floats, *, stride: int) -> Floats:
    """Convolve (n, steps, channels) with three taps, padded by one step, and rectify."""
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    steps = range(0, x.shape[1], stride)
    rows = np.stack([padded[:, step : step + 3].reshape(len(x), -1) for step in steps], axis=1)
    return np.asarray(np.maximum(rows @ weight + bias, 0), np.float32)


def _sigmoid(x: Floats) -> Floats:
    # tanh cannot overflow
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, np.float32)


@cache
def _weights() -> dict[str, Floats]:
    """Read the weights and lay them out for products from the right."""
    from safetensors.numpy import load_file

    spec = find_spec("silero_vad")
    place = Path(spec.origin).parent if spec and spec.origin else None
    path = place / "data" / "silero_vad_16k.safetensors" if place else None
    if path is None or not path.is_file():
        raise AvauditError("the package silero-vad is incomplete: install it again (version 6.2)")
    raw = load_file(path)
    weights = {
        f"conv{layer}": np.ascontiguousarray(
            raw[f"conv{layer}.weight"].transpose(2, 1, 0).reshape(-1, raw[f"conv{layer}.bias"].size)
        )
        for layer in range(1, 5)
    }
    weights |= {f"bias{layer}": raw[f"conv{layer}.bias"] for layer in range(1, 5)}
    return weights | {
        "stft": np.ascontiguousarray(raw["stft_conv.weight"][:, 0].T),
        "input": np.ascontiguousarray(raw["lstm_cell.weight_ih"].T),
        "recurrent": np.ascontiguousarray(raw["lstm_cell.weight_hh"].T),
        "bias": raw["lstm_cell.bias_ih"] + raw["lstm_cell.bias_hh"],
        "final": raw["final_conv.weight"][0, :, 0],
        "bias_final": raw["final_conv.bias"],
    }
