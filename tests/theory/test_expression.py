"""Typed formulas: their values against numpy's, and whatever else a person can type."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.theory.expression import LONGEST, Expression, ExpressionError

X = np.linspace(-3, 3, 13)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x²", X**2),
        ("-x^2 + 3", -(X**2) + 3),
        ("2 · x − 1", 2 * X - 1),
        ("exp(−x²/2)/√(2*π)", np.exp(-(X**2) / 2) / np.sqrt(2 * np.pi)),
        ("(x > 0) * x", np.maximum(X, 0)),
        ("maximum(x, 0)", np.maximum(X, 0)),
        ("5", np.full(13, 5.0)),
        ("-7 % 3", np.full(13, 2.0)),
        ("2**-1", np.full(13, 0.5)),
        ("erf(x) + erf(-x)", np.zeros(13)),
        ("9**9**9**9", np.full(13, np.inf)),
        ("log(-1 - x*x)", np.full(13, np.nan)),
    ],
)
def test_values(text: str, value: np.ndarray) -> None:
    found = Expression(text, ["x"])(x=X)
    np.testing.assert_allclose(found, value)
    assert found.dtype == np.float64


def test_names_are_greek_with_indices_and_broadcast() -> None:
    formula = Expression("log(σ₂/σ₁) + (σ1² + (μ₁−µ2)²)/(2*σ₂²) − 1/2", ["μ₁", "σ₁", "μ₂", "σ₂"])
    found = formula(μ1=np.array([1.0, 3])[:, None], σ1=np.array([0.5, 1]), μ2=0.0, σ2=1.0)
    assert found.shape == (2, 2)
    np.testing.assert_allclose(found[0, 0], 0.818147, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a formula."),
        ("x +", "not a complete formula"),
        ("x + * 2", "near “"),
        ("y", "“y” is not known. Names: x, π, e."),
        ("exp", "exp is a function: write exp(…)"),
        ("f(x)", "The function “f” is not known. Functions: exp, log"),
        ("exp(x, x)", "exp takes 1 value."),
        ("maximum(x)", "maximum takes 2 values."),
        ("exp(x, out=x)", "exp takes 1 value."),
        ("exp(*x)", "nothing else"),
        ("x.tofile('/tmp/no')", "nothing else"),
        ("x[0]", "nothing else"),
        ("(lambda: x)()", "nothing else"),
        ("[x for x in 9]", "nothing else"),
        ("__import__('os')", "The function “__import__” is not known"),
        ("'a' * 9", "'a' is not a real number."),
        ("True", "True is not a real number."),
        ("1j", "1j is not a real number."),
        ("x if x else 2", "nothing else"),
        ("x and x", "nothing else"),
        ("0 < x < 1", "Compare two things at a time"),
        ("x << 9", "Of the operators only"),
        ("x // 2", "Of the operators only"),
        ("9" * 199, ""),
        ("9" * (LONGEST + 1), "201 characters; 200 is the most"),
        ("1e999 + " + "9" * 180, ""),
        ("(" * 99 + "x" + ")" * 99, ""),
        ("x = 2", "not a complete formula"),
        ("x\0", "not a complete formula"),
        ("x; x", "not a complete formula"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(text: str, said: str) -> None:
    if said:
        with pytest.raises(ExpressionError) as caught:
            Expression(text, ["x"])
        assert said in str(caught.value)
    else:
        Expression(text, ["x"])(x=X)


def test_a_variable_is_never_written_to() -> None:
    before = X.copy()
    Expression("abs(x)", ["x"])(x=X)
    np.testing.assert_array_equal(X, before)


@given(st.text(alphabet="x12.+-*/^()<²√ eπlogsin,=[]{}:'\\\n_", max_size=40))
def test_any_text_is_a_value_or_a_sentence(text: str) -> None:
    with suppress(ExpressionError):
        assert Expression(text, ["x"])(x=X).shape == X.shape
