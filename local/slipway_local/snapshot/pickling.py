"""Objects as bytes and back: Python's pickle, with what it cannot take by itself.

moto's backends are plain objects that refer to each other; pickled together they stay what they are, attributes of
ours included. Calling the services' APIs instead would need code for each of them, and would give objects new ids,
versions and dates. A pickle runs code when it is read: the state folder belongs to the user, as the code does.
Source: https://docs.python.org/3/library/pickle.html#dispatch-tables
"""

import copyreg
import importlib
import io
import marshal
import pickle
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from types import FunctionType
from typing import Any

PROTOCOL = 5
NAMED = 3  # of the objects that cannot be kept, at most so many are named
Reduce = Callable[[Any], tuple[Any, ...]]


class CannotKeepError(RuntimeError):
    """An object that cannot be kept; the message names the way to it."""


def _event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _default_dict(items: defaultdict[Any, Any]) -> tuple[Any, ...]:
    """Reduce a defaultdict; moto's backends make many with a lambda, which pickle itself refuses."""
    factory = items.default_factory
    if isinstance(factory, FunctionType) and "<" in factory.__qualname__ and not factory.__closure__:
        code = marshal.dumps(factory.__code__)
        return (_default_dict_of, (code, factory.__module__), None, None, iter(items.items()))
    return (defaultdict, (factory,), None, None, iter(items.items()))


def _default_dict_of(code: bytes, module: str) -> defaultdict[Any, Any]:
    return defaultdict(FunctionType(marshal.loads(code), vars(importlib.import_module(module))))  # noqa: S302


def _own_dict(items: Any) -> tuple[Any, ...]:
    """Reduce an object of moto's own kinds of dict as it is: their constructors ask for more, their items show less."""
    state = (vars(items), getattr(items, "default_factory", None), dict.copy(items))
    return (copyreg.__newobj__, (type(items),), state, None, None, _fill)  # type: ignore[attr-defined]


def _fill(items: Any, state: Any) -> None:
    attributes, default_factory, content = state
    vars(items).update(attributes)
    dict.update(items, content)
    if default_factory is not None:
        items.default_factory = default_factory


def _own_dicts(kind: type[Any] = dict) -> Iterator[type]:
    for derived in kind.__subclasses__():
        if derived.__module__.startswith("moto."):
            yield derived
        yield from _own_dicts(derived)


def _no_thread() -> None:
    return None


def _thread(thread: threading.Thread) -> tuple[Any, ...]:
    if thread.is_alive():
        raise pickle.PicklingError(f"the thread {thread.name} is running")
    return (_no_thread, ())


# What a lock guards is at rest when nobody runs: it comes back unlocked.
REDUCTIONS: dict[type, Reduce] = {
    type(threading.Lock()): lambda lock: (threading.Lock, ()),
    type(threading.RLock()): lambda lock: (threading.RLock, ()),
    threading.local: lambda local: (threading.local, ()),
    threading.Condition: lambda condition: (threading.Condition, (condition._lock,)),
    threading.Event: lambda event: (_event, (event.is_set(),)),
    threading.Thread: _thread,
    defaultdict: _default_dict,
    weakref.WeakValueDictionary: lambda items: (weakref.WeakValueDictionary, (dict(items),)),
}


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, reductions: dict[type, Reduce]) -> None:
        super().__init__(file, PROTOCOL)
        own: dict[type, Reduce] = dict.fromkeys(_own_dicts(), _own_dict)
        self.dispatch_table = {**copyreg.dispatch_table, **REDUCTIONS, **own, **reductions}


def dump(state: Any, reductions: dict[type, Reduce]) -> bytes:
    """Return the state as bytes. Raises CannotKeepError that names what cannot be kept.

    Threads are switched at most once a second meanwhile, so that the state is one moment's: the pickler itself never
    gives way, and without this the functions that it calls would.
    """
    file = io.BytesIO()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1.0)
    try:
        _Pickler(file, reductions).dump(state)
    except Exception as error:
        found = [f"{path}: {reason}" for path, reason in islice(_blame(state, reductions, "", set()), NAMED)]
        raise CannotKeepError("; ".join(found) or str(error)) from error
    finally:
        sys.setswitchinterval(interval)
    return file.getvalue()


def _blame(value: Any, reductions: dict[type, Reduce], path: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    """Yield the way to an object that cannot be pickled while all that it holds can, and why."""
    seen.add(id(value))
    try:
        _Pickler(io.BytesIO(), reductions).dump(value)
        return
    except Exception as error:
        reason = f"{type(value).__module__}.{type(value).__qualname__}: {error}"
    own = True
    for name, part in _parts(value):
        if id(part) not in seen:
            for found in _blame(part, reductions, f"{path}{name}", seen):
                own = False
                yield found
    if own:
        yield path, reason


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, list | tuple | set):
        yield from ((f"[{number}]", item) for number, item in enumerate(value))
    yield from ((f".{name}", item) for name, item in getattr(value, "__dict__", {}).items())


class Unpickler(pickle.Unpickler):
    """Reads what `dump` wrote; `functions` stand in for the functions of these names."""

    def __init__(self, content: bytes, functions: dict[tuple[str, str], Callable[..., Any]]) -> None:
        super().__init__(io.BytesIO(content))
        self._functions = functions

    def find_class(self, module: str, name: str) -> Any:
        """Return the class or function of this name."""
        return self._functions.get((module, name)) or super().find_class(module, name)
