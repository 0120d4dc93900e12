"""What differs between the inputs that a program declares and what an emulator reads back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

# Maps whose keys belong to the user: one key too many is a difference there, elsewhere the cloud may add its own.
_WHOLE_MAPS = frozenset({"tags", "variables", "parameters"})
# Lists in which the place of an item has a meaning.
_ORDERED = frozenset({"columns", "partitionKeys"})


def differences(wanted: Mapping[str, object], found: Mapping[str, object]) -> frozenset[str]:
    """Names of the top-level inputs that are not what was read back; empty and absent are the same."""
    return frozenset(name for name, value in wanted.items() if not _same(name, value, found.get(name)))


def without(values: Mapping[str, object], paths: Iterable[str]) -> dict[str, object]:
    """`values` without the given dotted paths; a list on the way is entered item by item (`rules.filter`)."""
    result = dict(values)
    for path in paths:
        head, _, rest = path.partition(".")
        if head not in result:
            continue
        if not rest:
            del result[head]
        else:
            result[head] = _pruned(result[head], rest)
    return result


def _pruned(value: object, path: str) -> object:
    if isinstance(value, Mapping):
        return without(cast("Mapping[str, object]", value), [path])
    if isinstance(value, (list, tuple)):
        return [_pruned(item, path) for item in cast("Sequence[object]", value)]
    return value


def _same(name: str, wanted: object, found: object, *, whole: bool = False) -> bool:
    """Whether two values are the same; `whole` is for documents, to which a cloud adds nothing of its own."""
    parsed, found = _document(wanted), _document(found)
    whole = whole or parsed is not wanted
    if _empty(parsed) and not isinstance(parsed, (list, tuple, Mapping)):
        return _empty(found)
    if isinstance(parsed, Mapping):
        return _same_map(cast("Mapping[str, object]", parsed), found, whole=whole or name in _WHOLE_MAPS)
    if isinstance(parsed, (list, tuple)):
        return _same_list(name, cast("Sequence[object]", parsed), found, whole=whole)
    if isinstance(parsed, bool) or isinstance(found, bool):
        return str(parsed).lower() == str(found).lower()
    if _is_number(parsed) and _is_number(found):
        return float(str(parsed)) == float(str(found))
    return str(parsed) == str(found)


def _same_map(wanted: Mapping[str, object], found: object, *, whole: bool) -> bool:
    if not isinstance(found, Mapping):
        return not wanted and _empty(found)
    other = cast("Mapping[str, object]", found)
    if whole and set(other) - set(wanted):
        return False
    return all(_same(key, value, other.get(key), whole=whole) for key, value in wanted.items())


def _same_list(name: str, wanted: Sequence[object], found: object, *, whole: bool) -> bool:
    if not isinstance(found, (list, tuple)):
        # IAM writes a list of one as the one; so do some emulators.
        return (not wanted and _empty(found)) or (len(wanted) == 1 and _same(name, wanted[0], found, whole=whole))
    rest = list(cast("Sequence[object]", found))
    if len(wanted) != len(rest):
        return False
    if name in _ORDERED:
        return all(_same(name, want, got) for want, got in zip(wanted, rest, strict=True))
    for want in wanted:
        match = next((index for index, got in enumerate(rest) if _same(name, want, got, whole=whole)), None)
        if match is None:
            return False
        del rest[match]
    return True


def _document(value: object) -> object:
    """A JSON document in a string as its value, so that spaces and the order of keys do not count."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _empty(value: object) -> bool:
    return value is None or value is False or value == "" or (isinstance(value, (list, tuple, Mapping)) and not value)


def _is_number(value: object) -> bool:
    if isinstance(value, (int, float)):
        return True
    return isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit()
