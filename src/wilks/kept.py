"""Results that are kept with what they were made of: typed, bounded, gone with their owner."""

import functools
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from wilks.documents import canonical_json

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kept(*, most: int, key: Callable[..., Hashable] | None = None) -> Callable[[_Function], _Function]:
    """A decorator: the function is called once for each owner and each of its other arguments, as long as these last.

    The owner is the first argument, compared by identity, and is not kept alive. The ``most`` results that were asked
    for last are kept with it, in the one place that this function has: what another function keeps is its own.

    Args:
        most: results of one owner.
        key: what tells calls apart, from the arguments after the owner; None: their values, which must be hashable or
            plain values of JSON.

    >>> class Owner: ...
    >>> calls = []
    >>> @kept(most=1)
    ... def doubled(owner, number):
    ...     calls.append(number)
    ...     return 2 * number
    >>> one = Owner()
    >>> doubled(one, 2), doubled(one, 2), doubled(one, 3), doubled(one, 2), calls
    (4, 4, 6, 4, [2, 3, 2])
    """

    def decorated(function: _Function) -> _Function:
        results: WeakKeyDictionary[Any, OrderedDict[Hashable, Any]] = WeakKeyDictionary()

        @functools.wraps(function)
        def found(owner: Any, *args: Any, **options: Any) -> Any:
            known = results.setdefault(owner, OrderedDict())
            call = (key or _plain)(*args, **options)
            if call not in known:
                known[call] = function(owner, *args, **options)
            known.move_to_end(call)
            while len(known) > most:
                known.popitem(last=False)
            return known[call]

        return cast(_Function, found)

    return decorated


def _plain(*args: Any, **options: Any) -> str:
    return canonical_json({"args": args, **options})
