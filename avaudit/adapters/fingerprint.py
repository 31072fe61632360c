"""What decides a Python model's answers, as far as it can be seen: code, parameters, weights."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np

from .files import FileDigests, digest
from .loading import quiet_output

OWN = Path(__file__).parents[1]
LIBRARIES = frozenset(
    Path(place)
    for name, place in sysconfig.get_paths().items()
    if name in ("stdlib", "platstdlib", "purelib", "platlib")
)
SITE = ("site-packages", "dist-packages")


def fingerprint_of(
    thing: Any, model: Any, functions: Iterable[Any], params: Mapping[str, str]
) -> str | None:
    """Give a digest that changes when the answers may change.

    It covers the source of the model and of all loaded code that is no installed library, the
    version of the model's own package, the parameters with the content of files they name, files
    named by defaults of the factory, and arrays and torch modules that the model, its functions
    or its source file hold. What a model loads in other ways is not seen; a model can say it by a
    method ``fingerprint()``, whose text then stands for all of this but the parameters.

    Parameters
    ----------
    thing
        The factory, class or object the user named.
    model
        What it gave.
    functions
        What is called.
    params
        The user's parameters.

    Returns
    -------
    str or None
        None when the source of the model is not there.
    """
    digests = FileDigests()
    given = [f"{name}={_content(value, digests)}" for name, value in sorted(params.items())]
    own = getattr(model, "fingerprint", None)
    if callable(own):
        with quiet_output():
            return digest(["own", str(own()), *given])
    home = sys.modules.get(str(getattr(thing, "__module__", None) or type(thing).__module__))
    file = getattr(home, "__file__", None)
    if home is None or file is None or not Path(file).is_file():
        return None
    sources = sorted({Path(file), *_local_sources()})
    named = str(getattr(thing, "__qualname__", type(thing).__qualname__))
    return digest(
        [
            named,
            *(f"{path.name}:{digests.of(path)}" for path in sources),
            *_versions(home.__name__, file),
            *given,
            *_default_files(thing, Path(file).parent, digests),
            *_weights(_held(home, model, functions)),
        ]
    )


def _local_sources() -> Iterator[Path]:
    """Give the files of loaded modules that belong to no library and not to avaudit."""
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        # __main__ is the command's own script, or whatever called avaudit
        if not isinstance(name, str) or module.__name__ == "__main__":
            continue
        path = Path(name)
        parents = set(path.parents)
        if parents & LIBRARIES or OWN in parents or any(part in SITE for part in path.parts):
            continue
        if path.is_file() and not module.__name__.startswith("avaudit."):
            yield path


def _versions(module: str, file: str) -> list[str]:
    found: list[str] = []
    if not any(part in SITE for part in Path(file).parts):
        return found  # not installed: its source says all
    for distribution in packages_distributions().get(module.partition(".")[0], ()):
        with suppress(PackageNotFoundError):
            found.append(f"{distribution}=={version(distribution)}")
    return found


def _content(value: str, digests: FileDigests) -> str:
    with suppress(OSError, ValueError):
        if value and Path(value).is_file():
            return digests.of(value)
    return value


def _default_files(thing: Any, folder: Path, digests: FileDigests) -> list[str]:
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return []
    found = []
    for name, parameter in parameters.items():
        if isinstance(parameter.default, str | Path):
            text = str(parameter.default)
            found += [f"{name}={_content(place, digests)}" for place in (text, str(folder / text))]
    return found


def _held(home: Any, model: Any, functions: Iterable[Any]) -> dict[str, Any]:
    held = {f"module.{name}": value for name, value in vars(home).items()}
    held |= {f"model.{name}": value for name, value in getattr(model, "__dict__", {}).items()}
    held["model"] = model
    for function in functions:
        for number, cell in enumerate(getattr(function, "__closure__", None) or ()):
            with suppress(ValueError):  # a name that was never given a value
                held[f"{getattr(function, '__name__', '')}.{number}"] = cell.cell_contents
    return held


def _weights(held: Mapping[str, Any]) -> list[str]:
    found = []
    for name, value in sorted(held.items()):
        arrays = {"": value} if isinstance(value, np.ndarray) else _state_of(value)
        for key, array in sorted(arrays.items()):
            if array.dtype != object:
                data = np.ascontiguousarray(array)
                found.append(digest([name, key, str(data.dtype), str(data.shape), data.tobytes()]))
    return found


def _state_of(value: Any) -> dict[str, Any]:
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.nn.Module):
        return {}
    state = value.state_dict().items()
    return {k: v.detach().cpu().float().numpy() for k, v in state if hasattr(v, "detach")}
