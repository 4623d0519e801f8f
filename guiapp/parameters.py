"""Walk, read, change and explain the fields of `RunSpec` by path, such as `model.optimiser.lr`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import index
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from guiapp.spec import Gan, RunSpec, SpecError, Vae

MODELS: Final[Mapping[str, type[Vae | Gan]]] = MappingProxyType({"vae": Vae, "gan": Gan})  # by their tag in JSON
Kind = Literal["integer", "number", "choice", "switch", "text", "widths"]
S = TypeVar("S", bound=Struct)


class Parameter(Struct, frozen=True):
    """One field of a spec as a person meets it. `low`/`high` bound it (`low_open`: itself excluded); `slide` is the
    range a slider covers."""

    path: str
    kind: Kind
    title: str
    help: str
    unit: str
    live: bool
    log: bool
    default: Any
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    slide: tuple[float, float] | None = None

    @property
    def range_text(self) -> str:
        """The allowed values in words, for tooltips and refusals."""
        if self.kind == "choice":
            return "one of " + ", ".join(f"'{choice}'" if "," in choice else choice for choice in self.choices)
        if self.kind == "switch":
            return "true or false"
        if self.kind == "widths":
            return "up to 100 whole numbers from 1 to 4096, such as 256, 64"
        if self.kind == "text" or self.low is None or self.high is None:
            return "any text"
        whole = self.kind == "integer"
        low = f"above {self.low:g}" if self.low_open else f"from {self.low:g}"
        high = str(int(self.high)) if whole else f"{self.high:.6g}"
        return f"{'a whole number' if whole else 'a number'} {low} {'to below' if self.high_open else 'to'} {high}"


class Group(Struct, frozen=True):
    """A titled section of parameters, nested as the spec is."""

    path: str
    title: str
    items: tuple[Parameter | Group, ...]


def parameters(spec: RunSpec, baseline: RunSpec | None = None) -> tuple[Parameter | Group, ...]:
    """The tree of all parameters of `spec`, in the order of its fields; the model's are those of its kind.

    Their defaults are the values of `baseline`, such as the preset the run came from; without one, or where its model
    is of another kind, those of the spec's own declaration.
    """
    return _walk(spec, baseline or RunSpec(), "")


def flat(spec: RunSpec, baseline: RunSpec | None = None) -> dict[str, Parameter]:
    """All parameters of `spec` by path."""

    def leaves(items: tuple[Parameter | Group, ...]) -> Iterator[Parameter]:
        for item in items:
            if isinstance(item, Group):
                yield from leaves(item.items)
            else:
                yield item

    return {p.path: p for p in leaves(parameters(spec, baseline))}


def value(spec: RunSpec, path: str) -> Any:
    """The value at `path`; at `model.kind`, which no field holds, the model's name in `MODELS`.

    Raises:
        SpecError: there is no such parameter.
    """
    if path == "model.kind":
        return str(spec.model.__struct_config__.tag)
    node: Any = spec
    for name in path.split("."):
        if not isinstance(node, Struct) or name not in node.__struct_fields__:
            raise SpecError(f"There is no parameter '{path}'; this model has {', '.join(flat(spec))}.")
        node = getattr(node, name)
    return node


def edited(spec: RunSpec, path: str, new: Any) -> RunSpec:
    """`spec` with the parameter at `path` set to `new`, which may be text as typed by a person.

    Raises:
        SpecError: no such parameter, or `new` is not allowed; the sentence names the allowed range.
    """
    if path == "model.kind" or path == "model":
        return _with_model(spec, new)
    found = flat(spec).get(path)
    if found is None:
        value(spec, path)
        raise SpecError(f"'{path}' is a group of parameters; set one of its members.")
    return _replaced(spec, path.split("."), parsed(found, new))


def parsed(parameter: Parameter, new: Any) -> Any:
    """`new` (a value, or text as typed) as a valid value of `parameter`.

    Raises:
        SpecError: it is none; the sentence names the allowed range.
    """
    try:
        result = _PARSERS[parameter.kind](new)
    except (ValueError, TypeError, OverflowError) as error:
        raise _refusal(parameter, new) from error
    if not _allowed(parameter, result):
        raise _refusal(parameter, new)
    return result


def as_text(new: Any) -> str:
    """A value as a person types it, short where no digit is lost; `parsed` reads the same value back."""
    if isinstance(new, bool):
        return str(new).lower()
    if isinstance(new, float):
        short = f"{new:.6g}"
        return short if float(short) == new else repr(new)
    return ", ".join(map(str, new)) if isinstance(new, tuple) else str(new)


def differences(old: RunSpec, new: RunSpec) -> dict[str, tuple[Any, Any]]:
    """Every path whose value differs, with the old and the new value; a path missing on one side gives None there."""
    a, b = flat(old), flat(new)
    pairs = {path: (value(old, path) if path in a else None, value(new, path) if path in b else None) for path in a | b}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def _walk(node: Struct, defaults: Struct, prefix: str) -> tuple[Parameter | Group, ...]:
    if type(defaults) is not type(node):
        defaults = type(node)()
    items: list[Parameter | Group] = []
    for name, hint in _hints(type(node)).items():
        child, default, path = getattr(node, name), getattr(defaults, name), prefix + name
        meta = _meta(hint)
        if isinstance(child, Struct):
            title = meta.title or name
            if isinstance(child, Vae | Gan):
                title = f"{title}: {type(child).__name__.upper()}"
            items.append(Group(path, title, _walk(child, default, path + ".")))
        else:
            items.append(_parameter(path, hint.__origin__, meta, default))
    return tuple(items)


@cache
def _hints(kind: type[Struct]) -> Mapping[str, Any]:
    """Resolving the annotations takes most of the time of a walk, and they never change."""
    return MappingProxyType(get_type_hints(kind, include_extras=True))


def _meta(hint: Any) -> Meta:
    found = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Meta)]
    if not found:
        raise TypeError(f"{hint} carries no Meta; every field of a spec needs its title and help")
    return found[-1]


def _parameter(path: str, kind: Any, meta: Meta, default: Any) -> Parameter:
    extra = meta.extra or {}
    low, high = meta.gt if meta.gt is not None else meta.ge, meta.lt if meta.lt is not None else meta.le
    return Parameter(
        path=path,
        kind="choice" if get_origin(kind) is Literal else _KINDS.get(kind, "widths"),
        title=meta.title or path,
        help=meta.description or "",
        unit=extra.get("unit", ""),
        live=extra.get("live", False),
        log=extra.get("log", False),
        default=default,
        choices=get_args(kind) if get_origin(kind) is Literal else (),
        low=low,
        high=high,
        low_open=meta.gt is not None,
        high_open=meta.lt is not None,
        slide=(extra["low"], extra["high"]) if "low" in extra else None,
    )


def _with_model(spec: RunSpec, kind: Any) -> RunSpec:
    if not isinstance(kind, str) or kind not in MODELS:
        raise SpecError(f"model: {_short(kind)} is not allowed; it takes one of {', '.join(MODELS)}.")
    return spec if isinstance(spec.model, MODELS[kind]) else msgspec.structs.replace(spec, model=MODELS[kind]())


def _replaced(node: S, names: list[str], new: Any) -> S:
    first, rest = names[0], names[1:]
    return msgspec.structs.replace(node, **{first: _replaced(getattr(node, first), rest, new) if rest else new})


def _refusal(parameter: Parameter, new: Any) -> SpecError:
    takes = f"it takes {parameter.range_text} (parameter {parameter.path})"
    return SpecError(f"{parameter.title}: {_short(new)} is not allowed; {takes}.")


def _allowed(parameter: Parameter, result: Any) -> bool:
    if parameter.kind == "choice":
        return result in parameter.choices
    if parameter.kind == "widths":
        return len(result) <= 100 and all(1 <= width <= 4096 for width in result)
    return parameter.kind in ("switch", "text") or _within(parameter, result)


def _within(parameter: Parameter, number: float) -> bool:
    low, high = parameter.low, parameter.high
    if isinstance(number, float) and not math.isfinite(number):  # isfinite(10**400) overflows
        return False
    if low is not None and (number <= low if parameter.low_open else number < low):
        return False
    return high is None or (number < high if parameter.high_open else number <= high)


def _short(new: Any) -> str:
    try:
        text = repr(new) if isinstance(new, str) else str(new)
    except ValueError:  # Python prints no whole number of more than 4300 digits
        text = "a number of thousands of digits"
    return text if len(text) <= 40 else text[:37] + "..."


def _integer(new: Any) -> int:
    if isinstance(new, str):
        return int(new.strip())
    number = _number(new) if isinstance(new, float) else index(_no_truth(new))
    if number != int(number):
        raise ValueError("not whole")
    return int(number)


def _number(new: Any) -> float:
    if isinstance(new, bytes | bytearray):
        raise TypeError("bytes are no number")
    return float(_no_truth(new))


def _no_truth(new: Any) -> Any:
    if isinstance(new, bool):
        raise TypeError("a truth value is no number")
    return new


def _switch(new: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if str(new).strip().lower() not in words:
        raise ValueError("neither true nor false")
    return words[str(new).strip().lower()]


def _text(new: Any) -> str:
    if not isinstance(new, str):
        raise TypeError("not a text")
    new.encode()  # half a surrogate pair, as in a file name that is not UTF-8, fits in no JSON file
    return new


def _widths(new: Any) -> tuple[int, ...]:
    if isinstance(new, str):
        new = new.strip().strip("()[]").replace(",", " ").split()
    if not isinstance(new, list | tuple):
        raise TypeError("not a list of numbers")
    return tuple(_integer(part) for part in new)


_KINDS: Final[Mapping[Any, Kind]] = MappingProxyType({bool: "switch", int: "integer", float: "number", str: "text"})
_PARSERS: Final[Mapping[Kind, Callable[[Any], Any]]] = MappingProxyType(
    {"integer": _integer, "number": _number, "choice": _text, "switch": _switch, "text": _text, "widths": _widths}
)


def with_half_rate(spec: RunSpec) -> RunSpec:
    """`spec` with every learning rate halved, the usual first remedy for divergence."""
    for path in flat(spec):
        if path.endswith(".lr"):
            spec = edited(spec, path, value(spec, path) / 2)
    return spec
