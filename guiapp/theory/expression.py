"""Formulas that a person types, such as `exp(-x²/2)` or `log(σ₂/σ₁)`: read, checked and evaluated on arrays.

Nothing is run but the listed operators and functions, on 64-bit floats alone, by simpleeval with all of Python's other
syntax taken away: no attribute, no index, no keyword, no text. So a formula can neither reach a file nor last: there is
no loop, and 9**9**9 is infinity.
"""

from __future__ import annotations

import ast
import math
import unicodedata
import warnings
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from simpleeval import InvalidExpression, SimpleEval

Floats = npt.NDArray[np.float64]
LONGEST: Final = 200  # characters
_ELEMENTWISE: Final = (
    *(np.exp, np.log, np.log2, np.log1p, np.expm1, np.sqrt, np.sign, np.sin, np.cos, np.tan, np.arctan),
    *(np.sinh, np.cosh, np.tanh, np.minimum, np.maximum),
)
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {function.__name__: function for function in _ELEMENTWISE}
    | {"abs": np.abs, "erf": np.vectorize(math.erf, otypes=[float])}
)
CONSTANTS: Final = MappingProxyType({"pi": math.pi, "π": math.pi, "e": math.e})
_WRITTEN: Final = MappingProxyType(
    {"²": "**2", "³": "**3", "^": "**", "−": "-", "·": "*", "×": "*", "√": "sqrt", "≥": ">=", "≤": "<=", "≠": "!="}
)
_OPERATORS: Final[Mapping[type[ast.AST], Callable[..., Any]]] = MappingProxyType(
    {
        ast.Add: np.add,
        ast.Sub: np.subtract,
        ast.Mult: np.multiply,
        ast.Div: np.divide,
        ast.Pow: np.float_power,
        ast.Mod: np.mod,
        ast.USub: np.negative,
        ast.UAdd: np.positive,
        ast.Lt: np.less,
        ast.LtE: np.less_equal,
        ast.Gt: np.greater,
        ast.GtE: np.greater_equal,
        ast.Eq: np.equal,
        ast.NotEq: np.not_equal,
    }
)
_SYNTAX: Final = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.Load)


class ExpressionError(ValueError):
    """One sentence that says what in the formula cannot be used."""


class Expression:
    """The formula `text` in the variables `names`. Powers may be written ** or ^ or ²; indices x₁ or x1; a comparison
    is 1 where it holds and 0 elsewhere. Raises ExpressionError."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text, self.names = text, tuple(names)
        self._tree = _parsed(text)
        known = {_plain(name) for name in names}
        called = {id(node.func) for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
        for node in ast.walk(self._tree):
            _check(node, known, called)

    def __call__(self, **values: npt.ArrayLike) -> Floats:
        """The value at `values`, one array (...) for each name, broadcast against each other: (...). It may be infinite
        or not a number in places. Raises ExpressionError."""
        arrays = {_plain(name): np.asarray(value, dtype=np.float64) for name, value in values.items()}
        evaluator = SimpleEval(operators=dict(_OPERATORS), functions=dict(FUNCTIONS), names=CONSTANTS | arrays)
        evaluator.nodes[ast.Constant] = lambda node: np.float64(node.value)
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(evaluator.eval(self.text, self._tree.body), dtype=np.float64)
        except (InvalidExpression, TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise ExpressionError(f"“{self.text}” cannot be computed: {error}.") from error
        return np.broadcast_to(value, np.broadcast_shapes(value.shape, *(array.shape for array in arrays.values())))


def _plain(text: str) -> str:
    """x₁ and x1, and the two letters µ, are one name, as in Python itself."""
    return unicodedata.normalize("NFKC", text)


def _parsed(text: str) -> ast.Expression:
    if not text.strip():
        raise ExpressionError("Type a formula.")
    if len(text) > LONGEST:
        raise ExpressionError(f"The formula has {len(text)} characters; {LONGEST} is the most.")
    plain = _plain("".join(_WRITTEN.get(letter, letter) for letter in text.strip()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(plain, mode="eval")
    except SyntaxError as error:
        near = plain[max((error.offset or 1) - 1, 0) :][:12]
        where = f" near “{near}”" if near else " near its end"
        raise ExpressionError(f"“{text}” is not a complete formula: look{where}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"“{text}” cannot be read as a formula.") from error


def _check(node: ast.AST, known: Collection[str], called: Collection[int]) -> None:
    if isinstance(node, ast.operator | ast.unaryop | ast.cmpop):
        if type(node) not in _OPERATORS:
            raise ExpressionError("Of the operators only + − * / % ** and comparisons can be used.")
    elif not isinstance(node, _SYNTAX) or (isinstance(node, ast.Call) and not isinstance(node.func, ast.Name)):
        raise ExpressionError("A formula holds numbers, names, operators and functions, and nothing else.")
    elif isinstance(node, ast.Compare) and len(node.ops) > 1:
        raise ExpressionError("Compare two things at a time: (0 < x) * (x < 1) instead of 0 < x < 1.")
    elif isinstance(node, ast.Constant):
        _check_number(node)
    elif isinstance(node, ast.Call):
        _check_call(node)
    elif isinstance(node, ast.Name) and id(node) not in called and node.id not in CONSTANTS and node.id not in known:
        missing = (
            f"{node.id} is a function: write {node.id}(…)" if node.id in FUNCTIONS else f"“{node.id}” is not known"
        )
        raise ExpressionError(f"{missing}. Names: {', '.join((*sorted(known), 'π', 'e'))}.")


def _check_number(node: ast.Constant) -> None:
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        raise ExpressionError(f"{node.value!r} is not a real number.")
    try:
        float(node.value)
    except OverflowError:
        raise ExpressionError("A number in the formula is too large.") from None


def _check_call(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        raise ExpressionError(f"The function “{name}” is not known. Functions: {', '.join(FUNCTIONS)}.")
    wanted = 2 if name in ("minimum", "maximum") else 1
    if node.keywords or len(node.args) != wanted:
        raise ExpressionError(f"{name} takes {wanted} {'value' if wanted == 1 else 'values'}.")
