"""From a reference to a Python object: a file or module, a name in it, and its parameters."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import AuditError, UsageError
from ..registry import unknown_name

TRUE, FALSE = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def load_name(reference: str) -> Any:
    """Give what ``file.py:name`` or ``package.module:name`` stands for.

    Raises
    ------
    UsageError
        When the file or module cannot be imported, or has no such name (with the nearest one).
    """
    place, _, name = reference.rpartition(":")
    module = _module_of(place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{place}: {unknown_name('model', part, public_names(found))}")
        found = getattr(found, part)
    return found


def public_names(module: Any) -> list[str]:
    """Give the names in a module that may be models or make some."""
    own = getattr(module, "__name__", None)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", own) == own
        and (callable(value) or hasattr(value, "__dict__"))
    )


def names_in_file(path: Path) -> list[str]:
    """Give the names in a Python file that may be models or make some."""
    return public_names(_module_of(str(path)))


def make(thing: Any, params: Mapping[str, str], reference: str) -> Any:
    """Call a class or factory with the user's parameters.

    Raises
    ------
    UsageError
        When a parameter is unknown, missing, or not of the annotated type.
    AuditError
        When the call itself fails.
    """
    arguments = _arguments(thing, params, reference)
    try:
        with quiet_output():
            return thing(**arguments)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise AuditError(
            f"{reference}: the model could not be made: {type(error).__name__}: {error}"
        ) from error


def required_parameters(thing: Any) -> list[str]:
    """Give the names of parameters that must be given."""
    return [
        name
        for name, parameter in _signature(thing).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def hints_of(thing: Any) -> dict[str, Any]:
    """Give the annotations of a function or class; those that cannot be read are left out."""
    target = thing.__init__ if inspect.isclass(thing) else thing
    with contextlib.suppress(Exception):
        return typing.get_type_hints(target)
    return {}


@contextlib.contextmanager
def quiet_output() -> Iterator[None]:
    """Send what a model prints to standard error: standard output belongs to the report."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _module_of(place: str) -> types.ModuleType:
    is_file = place.endswith(".py") or "/" in place
    if is_file and not Path(place).is_file():
        raise UsageError(f"{place}: there is no such file")
    try:
        return _from_file(Path(place).resolve()) if is_file else _from_path(place)
    except ModuleNotFoundError as error:
        if not is_file and error.name and (place == error.name or place.startswith(error.name)):
            raise UsageError(
                f"there is no module '{place}'; for a file write PATH/TO/FILE.py:NAME"
            ) from error
        raise UsageError(f"{place} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"{place} cannot be imported: {type(error).__name__}: {error}") from error


def _from_path(name: str) -> types.ModuleType:
    # the command is started from a script folder: what lies here would not be found otherwise
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    with quiet_output():
        return importlib.import_module(name)


def _from_file(path: Path) -> types.ModuleType:
    name = f"avaudit_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent)
    # first while the file is read, so that it finds its neighbours; last afterwards, so that
    # a neighbour called like a library is never taken for it by avaudit
    sys.path.insert(0, folder)
    sys.modules[name] = module
    try:
        with quiet_output():
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)
    return module


def _signature(thing: Any) -> inspect.Signature:
    try:
        return inspect.signature(thing)
    except (TypeError, ValueError):  # built in, without a signature
        return inspect.Signature()


def _arguments(thing: Any, params: Mapping[str, str], reference: str) -> dict[str, Any]:
    parameters, hints = _signature(thing).parameters, hints_of(thing)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    known = [n for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    arguments = {}
    for name, text in params.items():
        if name not in known and not takes_any:
            raise UsageError(f"{reference}: {unknown_name('parameter', name, known)}")
        wanted = hints.get(name)
        if wanted is None and name in known and parameters[name].default is not None:
            wanted = type(parameters[name].default)
        arguments[name] = _parsed(name, text, wanted, reference)
    missing = [name for name in required_parameters(thing) if name not in arguments]
    if missing:
        flags = " ".join(f"-M {name}=…" for name in missing)
        raise UsageError(f"{reference}: the model needs parameters: {flags}")
    return arguments


def _parsed(name: str, text: str, wanted: Any, reference: str) -> Any:
    options = typing.get_args(wanted) or (wanted,)  # X | None, Optional[X]
    if type(None) in options and text.lower() in ("", "none"):
        return None
    if bool in options and text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    kinds = [kind for kind in (int, float) if kind in options]
    for kind in kinds:
        with contextlib.suppress(ValueError):
            return kind(text)
    if (kinds or bool in options) and str not in options:
        expected = " or ".join(k.__name__ for k in (bool, *kinds) if k in options)
        raise UsageError(f"{reference}: {name}={text}: {expected} expected")
    return Path(text) if Path in options else text
