"""The model that ships: a few pairs of towers, their products averaged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from avaudit.devices import pick_device
from avaudit.errors import AvauditError

from .head import Head
from .mouths import MOUTH_PX, SHOWN_PX
from .network import CROP, PICTURES, SPECTRA, Towers

FILE_NAME = "model.safetensors"
FORMAT = "avaudit.sync.offset/1"
AT_ONCE = 256
"""Pictures whose first layers are computed together."""

Floats = npt.NDArray[np.float32]


class SyncModel:
    """Vectors of lips and of sound: their products say how well two moments match.

    Parameters
    ----------
    towers
        Trained networks.
    head
        What turns a reading into a score; None while there is none.
    mirrored
        Whether each mouth is looked at in the mirror as well, and both answers averaged.
    device
        Where the towers compute; by default on a GPU where there is one.
    """

    def __init__(
        self,
        towers: Sequence[Towers],
        head: Head | None = None,
        *,
        mirrored: bool = False,
        device: torch.device | None = None,
    ) -> None:
        self.device = device if device is not None else pick_device()
        self.towers = [pair.eval().to(self.device) for pair in towers]
        self.head = head
        self.mirrored = mirrored

    def lips(self, pictures: Floats) -> Floats:
        """Map pictures every 40 ms to vectors, no padding: the first is centred on the seventh.

        Parameters
        ----------
        pictures
            From :func:`~.mouths.even`, shape (n, 60, 60).

        Returns
        -------
        vectors
            Shape (max(0, n - 12), 64 per pair of towers).
        """
        count = len(pictures) - PICTURES + 1
        if count < 1:
            return np.zeros((0, 64 * len(self.towers)), np.float32)
        margin = (MOUTH_PX - SHOWN_PX) // 2
        middle = torch.from_numpy(pictures[:, margin:-margin, margin:-margin].copy())
        with torch.inference_mode():
            seen = torch.nn.functional.interpolate(
                middle[:, None].to(self.device), (CROP, CROP), mode="bilinear", align_corners=False
            )[:, 0]
            sides = (seen, seen.flip(-1)) if self.mirrored else (seen,)
            parts = [
                torch.stack([_in_parts(pair, side, count) for side in sides]).mean(dim=0)
                for pair in self.towers
            ]
            return np.asarray(torch.cat(parts, dim=1).cpu().numpy(), np.float32)

    def sound(self, spectra: Floats) -> Floats:
        """Map normalised spectra every 10 ms to vectors: the first is centred on the 25th.

        Parameters
        ----------
        spectra
            Shape (n, 40).

        Returns
        -------
        vectors
            Shape (max(0, n - 48), 64 per pair of towers), scaled so that products of lips and
            sound are mean log ratios.
        """
        if len(spectra) < SPECTRA:
            return np.zeros((0, 64 * len(self.towers)), np.float32)
        with torch.inference_mode():
            given = torch.from_numpy(spectra)[None].to(self.device)
            parts = [pair.sound(given)[0] * pair.scale / len(self.towers) for pair in self.towers]
            return np.asarray(torch.cat(parts, dim=1).cpu().numpy(), np.float32)

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file, weights in half precision."""
        tensors = {
            # channels may lie last in memory, and safetensors writes memory as it lies
            f"{place}.{name}": np.ascontiguousarray(value.cpu().numpy().astype(np.float16))
            for place, pair in enumerate(self.towers)
            for name, value in pair.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }
        if self.head is not None:
            tensors |= self.head.arrays()
        about: dict[str, object] = {"format": FORMAT, "towers": len(self.towers), **notes}
        if self.mirrored:
            about["mirrored"] = True
        return save(tensors, {"about": json.dumps(about, sort_keys=True)})


def _in_parts(pair: Towers, seen: torch.Tensor, count: int) -> torch.Tensor:
    """Map pictures (n, 32, 32) to vectors (count, 64), some hundred at a time."""
    starts = range(0, count, AT_ONCE)
    return torch.cat([pair.lips(seen[None, s : s + AT_ONCE + PICTURES - 1])[0] for s in starts])


def read_model(path: Path) -> SyncModel:
    """Read a file of weights.

    Raises
    ------
    AvauditError
        When it is missing, damaged or of another format.
    """
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise AvauditError(f"{path} cannot be read as a model: {error}") from error
    if about.get("format") != FORMAT:
        raise AvauditError(f"{path} is no model of the format {FORMAT}: train it again")
    try:
        towers = [_towers(tensors, place) for place in range(int(about["towers"]))]
        own = {name: value for name, value in tensors.items() if name.startswith("head.")}
        head = Head.from_arrays(own) if own else None
        return SyncModel(towers, head, mirrored=bool(about.get("mirrored", False)))
    except (KeyError, RuntimeError) as error:
        raise AvauditError(f"{path} lacks weights or has others: {error}") from error


def _towers(tensors: Mapping[str, npt.NDArray[np.generic]], place: int) -> Towers:
    pair = Towers()
    state = pair.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            given = np.asarray(tensors[f"{place}.{name}"], np.float32)
            state[name] = torch.from_numpy(given.reshape(tuple(value.shape)))
    pair.load_state_dict(state)
    return pair.eval()


@cache
def shipped() -> SyncModel:
    """Read the model that ships.

    Raises
    ------
    AvauditError
        When its file is missing or damaged.
    """
    return read_model(Path(__file__).with_name(FILE_NAME))
