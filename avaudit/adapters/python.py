"""Models that are Python objects or functions in this process."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import UsageError
from .backend import Item
from .fingerprint import fingerprint_of
from .loading import hints_of, make, quiet_output, required_parameters
from .protocols import Capability, Pair

METHODS = {str(capability): capability for capability in Capability}


class PythonBackend:
    """A model that is a Python object: its methods are called in this process.

    Parameters
    ----------
    methods
        What to call, by capability.
    owner
        The object, for its optional ``batch_size``, ``cautions`` and ``close``.
    fingerprint
        See :class:`avaudit.adapters.backend.Backend`.
    """

    reads_files = True

    def __init__(
        self,
        methods: Mapping[Capability, Callable[..., Any]],
        owner: Any,
        fingerprint: str | None,
    ) -> None:
        self._methods = dict(methods)
        self._owner = owner
        self.fingerprint = fingerprint
        self.capabilities = frozenset(self._methods)
        size = getattr(owner, "batch_size", None)
        self.batch_size = size if isinstance(size, int) and size > 0 else None

    @property
    def cautions(self) -> Sequence[str]:
        """What the model itself says about its answers (its attribute ``cautions``)."""
        said = getattr(self._owner, "cautions", ())
        return [str(line) for line in said] if isinstance(said, list | tuple) else ()

    def answer(self, op: Capability, items: Sequence[Item], **options: Any) -> object:
        """Call the model's method."""
        method = self._methods[op]
        with quiet_output():
            if op is Capability.VOICE_FROM_FACE:
                pairs = [item for item in items if isinstance(item, tuple)]
                return method([face for face, _ in pairs], [text for _, text in pairs], **options)
            return method(list(items), **options)

    def close(self) -> None:
        """Call the model's ``close``, if it has one."""
        close = getattr(self._owner, "close", None)
        if callable(close):
            close()


def python_backend(thing: Any, params: Mapping[str, str], reference: str) -> PythonBackend:
    """Make a backend of what a reference stands for: a factory, a class, a function, an object.

    A function is itself the model when its name is that of a protocol's method or its first
    parameter is annotated as a sequence of :class:`Pair`; any other function is called, and what
    it gives is the model: an object, a function as above, or a mapping from method names to
    functions.

    Raises
    ------
    UsageError
        When it cannot be told what it can do, or the parameters are wrong.
    AuditError
        When the factory fails.
    """
    model = thing
    if inspect.isclass(thing) or (inspect.isroutine(thing) and _capability_of(thing) is None):
        _refuse_unnamed(thing, params, reference)
        model = make(thing, params, reference)
    elif params:
        raise UsageError(f"{reference}: it is the model itself and takes no parameters (-M)")
    methods = _methods_of(model)
    if not methods:
        raise UsageError(
            f"{reference}: it cannot be told what this model does: {_what(model)} has none of the "
            f"methods {', '.join(METHODS)}"
        )
    return PythonBackend(methods, model, fingerprint_of(thing, model, methods.values(), params))


def _methods_of(model: Any) -> dict[Capability, Callable[..., Any]]:
    if inspect.isroutine(model):
        capability = _capability_of(model)
        return {capability: model} if capability else {}
    if isinstance(model, Mapping):
        return {METHODS[str(n)]: f for n, f in model.items() if str(n) in METHODS and callable(f)}
    found = {}
    for name, capability in METHODS.items():
        method = getattr(model, name, None)
        if callable(method):
            found[capability] = method
    return found


def _capability_of(function: Any) -> Capability | None:
    named = METHODS.get(getattr(function, "__name__", ""))
    if named is not None:
        return named
    hints = hints_of(function)
    hints.pop("return", None)
    first = next(iter(hints.values()), None)
    return Capability.PAIR_SCORER if Pair in typing.get_args(first) else None


def _refuse_unnamed(thing: Any, params: Mapping[str, str], reference: str) -> None:
    """Refuse a plain function that wants inputs but does not say which protocol it meets."""
    wants = [name for name in required_parameters(thing) if name not in params]
    inputs = {"faces", "voices", "pairs", "clips", "paths", "files"}
    if not inspect.isclass(thing) and len(wants) == 1 and wants[0] in inputs:
        raise UsageError(
            f"{reference}: it cannot be told what this function does with {wants[0]}: "
            f"give it one of the names {', '.join(METHODS)}, or name a factory"
        )


def _what(model: Any) -> str:
    if inspect.isroutine(model):
        return f"the function {getattr(model, '__name__', '')}".rstrip()
    return f"an object of type {type(model).__name__}"
