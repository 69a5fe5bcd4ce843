"""The operations as formulas: rows with their kinks and limits, and the table of all; of what type a result is."""

import functools
import math

import numpy as np
from mpmath import mp, mpf

import reference as r
from reference import INF, NAN, Number, rows

DTYPES = ["bool", "i64", "f32", "f64"]
REAL = ("f64", "f32")

# ----------------------------------------------------------------------------------------------------------------------
# Rows: formulas, kinks, limits

ON = rows.ranges()
FORMULAS = {**rows.UNARY, **rows.BINARY, **rows.TERNARY}
FORMULAS["norm_sparsity"] = r.sparsity
FORMULAS |= {"max": lambda a, b: r.extreme(1)([a, b]), "min": lambda a, b: r.extreme(-1)([a, b])}
FORMULAS = {{"max": "maximum", "min": "minimum"}.get(name, name): f for name, f in FORMULAS.items()}
PARAMETERS = {"powi": {"n": 3}, "powf": {"c": 2.5}, "sinc_deriv": {"n": 2}, "leaky_relu": {"a": 0.25}, "elu": {"a": 0.5},
              "polygamma": {"n": 1}, "mills": {"n": 1}}  # fmt: skip

LN_2 = math.log(2)
# Value and derivative where the formula has none: the column `kink` of the table, and poles. None: not promised.
KINKS = {
    "recip": {0.0: (INF, -INF)},
    "abs": {0.0: (0, 0)},
    "signum": {0.0: (1, 0)},
    "sqrt": {0.0: (0, INF)},
    "cbrt": {0.0: (0, INF)},
    "powf": {0.0: (0, 0)},
    "ln": {0.0: (-INF, INF)},
    "log2": {0.0: (-INF, INF)},
    "log10": {0.0: (-INF, INF)},
    "ln_1p": {-1.0: (-INF, INF)},
    "asin": {1.0: (math.pi / 2, INF), -1.0: (-math.pi / 2, INF)},
    "acos": {1.0: (0, -INF), -1.0: (math.pi, -INF)},
    "acosh": {1.0: (0, INF)},
    "atanh": {1.0: (INF, INF), -1.0: (-INF, INF)},
    "floor": {2.0: (2, 0)},
    "ceil": {2.0: (2, 0)},
    "round": {2.5: (3, 0), -2.5: (-3, 0)},
    "trunc": {-2.0: (-2, 0)},
    "fract": {3.0: (0, 1), INF: (NAN, None), -INF: (NAN, None)},
    "hard_sigmoid": {3.0: (1, 0), -3.0: (0, 0)},
    "hard_tanh": {1.0: (1, 0), -1.0: (-1, 0)},
    "norm_inv_cdf": {0.0: (-INF, INF), 1.0: (INF, INF)},
    "norm_sparsity": {0.0: (INF, None), 1.0: (INF, None)},
    "gamma": {0.0: (INF, -INF)},
    "ln_gamma": {0.0: (INF, None)},
    "digamma": {0.0: (-INF, None)},
    "polygamma": {0.0: (INF, None)},
}
PERIODIC = {"sin", "cos", "tan", "sin_pi", "cos_pi"}
GAMMAS = {"gamma", "ln_gamma", "digamma", "polygamma"}


def limit(a, b, c):
    """What three values at 10^20, 10^40 and 10^80 tend to."""
    if abs(c) > 1.5 * abs(b) > 1.5 * 1.5 * abs(a) and abs(c) > 50:
        return mp.sign(c) * mpf(INF)
    assert abs(c - b) <= mpf(10) ** -20 * max(1, abs(c)), (a, b, c)
    return c if abs(c) > mpf(10) ** -20 else mpf(0)


@functools.cache
def at_infinity(name, sign):
    f = lambda x: FORMULAS[name](Number(mpf(x), mpf(0), {0: mpf(1)}), *PARAMETERS.get(name, {}).values())
    with mp.workdps(400):
        points = [f(sign * mpf(10) ** k) for k in (20, 40, 80)]
    return limit(*[p.v for p in points]), limit(*[p.g.get(0, mpf(0)) for p in points])


def special(name, x):
    """Value and derivative at a point where the formula is not evaluated; None elsewhere."""
    lo, hi = ON[name][0]
    if math.isnan(x):
        return NAN, None
    if x in KINKS.get(name, {}):
        return KINKS[name][x]
    if (lo in (-1.0, 0.0, 1.0) and x < lo) or (hi == 1.0 and x > hi):
        return NAN, None
    if math.isinf(x):
        return (NAN, None) if name in PERIODIC else at_infinity(name, int(math.copysign(1, x)))
    return None


def unary(name):
    formula = FORMULAS[name]

    def f(x, **parameters):
        edge = special(name, float(x.v)) if not mp.isnan(x.v) else (NAN, None)
        if edge is None:
            return formula(x, *parameters.values())
        value, derivative = edge
        return x.chain(mpf(value), mpf(NAN) if derivative is None else mpf(derivative), mpf(NAN))

    return r.elementwise(f)


# Points of rows of several operands, with value and gradient where the formula has none.
EDGES = {
    "add": {(INF, 1.0): (INF, (1, 1)), (INF, -INF): (NAN, (1, 1)), (NAN, 1.0): (NAN, (1, 1)), (0.0, -0.0): None, (1e308, 1e308): None},
    "sub": {(INF, 1.0): (INF, (1, -1)), (INF, INF): (NAN, (1, -1)), (NAN, 1.0): (NAN, (1, -1)), (0.0, -0.0): None, (1e308, -1e308): None},
    "mul": {(0.0, INF): (NAN, (INF, 0)), (INF, 2.0): (INF, (2, INF)), (1e200, 1e200): None, (0.0, 0.0): None, (NAN, 0.0): (NAN, (0, NAN)), (1e-200, 1e-200): None},
    "div": {(1.0, 0.0): (INF, (INF, -INF)), (0.0, 0.0): (NAN, None), (1.0, INF): (0, (0, 0)), (INF, 2.0): (INF, (0.5, -INF)), (1e300, 1e-300): None, (NAN, 2.0): (NAN, (0.5, NAN))},
    "rem": {(6.0, 2.0): (0, (1, -3)), (-5.5, 2.0): None, (5.5, -2.0): None, (1.0, INF): (1, (1, 0)), (INF, 1.0): (NAN, None), (1e300, 1e299): None},
    "strong_mul": {(0.0, INF): (0, (INF, 0)), (NAN, 0.0): (0, None), (1e200, 1e200): None, (INF, 2.0): (INF, (2, INF))},
    "pow": {(0.0, 0.0): (1, (0, -INF)), (0.0, 2.0): (0, (0, 0)), (0.0, 1.0): (0, (1, 0)), (0.0, 0.25): (0, (INF, 0)), (3.0, 0.0): None, (1e-200, 2.0): None, (1e300, 2.0): None, (NAN, 1.0): (NAN, None)},
    "atan2": {(0.0, 0.0): (0, (0, 0)), (1e300, 1e300): None, (1e-300, 1.0): None, (INF, 1.0): (math.pi / 2, None), (NAN, 1.0): (NAN, None), (0.0, -1.0): (math.pi, (-1, 0))},
    "hypot": {(0.0, 0.0): (0, (0, 0)), (1e200, 1e200): None, (1e-200, 1e-200): None, (3.0, -4.0): None, (INF, 1.0): (INF, None), (NAN, 1.0): (NAN, None)},
    "direction": {(0.0, 0.0): (0, (0, 0)), (1e200, 1e200): None, (1e-200, -1e-200): None, (1.0, 0.0): None, (NAN, 1.0): (NAN, None)},
    "maximum": {(1.0, 1.0): (1, (0.5, 0.5)), (1.0, NAN): (1, (1, 0)), (NAN, 1.0): (1, (0, 1)), (INF, 1.0): (INF, (1, 0)), (0.0, -0.0): (0, (0.5, 0.5)), (-INF, -INF): (-INF, (0.5, 0.5))},
    "minimum": {(1.0, 1.0): (1, (0.5, 0.5)), (1.0, NAN): (1, (1, 0)), (NAN, 1.0): (1, (0, 1)), (-INF, 1.0): (-INF, (1, 0)), (0.0, -0.0): (0, (0.5, 0.5)), (INF, INF): (INF, (0.5, 0.5))},
    "copysign": {(0.0, -1.0): (0, (0, 0)), (2.0, -1.0): None, (INF, -1.0): (-INF, (-1, 0)), (2.0, -0.0): (-2, (-1, 0))},
    "log": {(1e300, 10.0): None, (0.0, 2.0): (-INF, None), (1.0001, 2.0): None, (-1.0, 2.0): (NAN, None), (NAN, 2.0): (NAN, None)},
    "xlogy": {(0.0, 0.0): (0, (0, 0)), (0.0, 2.0): (0, (LN_2, 0)), (0.0, NAN): (NAN, (NAN, NAN)), (1e300, 1e-300): None},
    "exp_sub": {(INF, INF): (1, (1, -1)), (-INF, 0.0): (0, (0, 0)), (800.0, 1.0): None, (1e300, 1e300): None, (NAN, 1.0): (NAN, None), (0.5, 1e-17): None},
    "ln_add_exp": {(-INF, -INF): (-INF, (0.5, 0.5)), (-INF, 1.0): (1, (0, 1)), (INF, INF): (INF, (0.5, 0.5)), (INF, 1.0): (INF, (1, 0)), (1e4, -1e4): None, (1e4, 1e4): None, (NAN, 1.0): (NAN, None)},
    "mul_add": {(1e200, 1e200, 1.0): None, (0.0, INF, 1.0): (NAN, (INF, 0, 1)), (NAN, 0.0, 1.0): (NAN, (0, NAN, 1)), (0.0, 0.0, -0.0): None},
    "clamp": {(0.5, 0.0, 1.0): None, (0.0, 0.0, 1.0): (0, (1, 0, 0)), (1.0, 0.0, 1.0): (1, (1, 0, 0)), (1.0, 1.0, 1.0): (1, (0, 0.5, 0.5)), (0.0, 1.0, 1.0): (1, (0, 1, 0)), (0.5, 1.0, 0.0): (NAN, (NAN, NAN, NAN)), (0.5, NAN, 1.0): (NAN, (NAN, NAN, NAN)), (NAN, 0.0, 1.0): (NAN, (1, 0, 0)), (-INF, 0.0, 1.0): (0, (0, 1, 0))},
}  # fmt: skip


def several(name):
    formula = FORMULAS[name]

    def f(*xs):
        at = [float(x.v) for x in xs]
        found = [e for point, e in EDGES[name].items() if e is not None and all(a == p or (a != a and p != p) for a, p in zip(at, point))]
        if not found:
            return formula(*xs)
        value, partials = found[0]
        partials = partials or [NAN] * len(xs)
        parts = r.total([x.chain(mpf(0), mpf(d), mpf(NAN)) for x, d in zip(xs, partials)])
        return Number(mpf(value), parts.t, parts.g, parts.gt)

    return r.elementwise(f)


# ----------------------------------------------------------------------------------------------------------------------
# All operations


def numbers(array):
    return np.array([Number(mpf(float(x))) for x in array.ravel()] + [None], dtype=object)[:-1].reshape(array.shape)


def compare(f):
    return lambda a, b: np.asarray(np.frompyfunc(lambda x, y: bool(f(x.v, y.v)), 2, 1)(a, b))


def pad(x, widths, mode, value=0.0):
    return np.pad(x, widths, mode, constant_values=Number(mpf(value))) if mode == "constant" else np.pad(x, widths, mode)


def cast(x, dtype):
    exact = lambda n: n if isinstance(n, Number) else Number(mpf(int(n)))
    whole = lambda n: int(exact(n).v)
    return np.asarray(np.frompyfunc(whole if dtype == "i64" else exact, 1, 1)(x), dtype=object)


OPERATIONS = {
    **{name: unary(name) for name in rows.UNARY},
    **{name: several(name) for name in FORMULAS if name not in rows.UNARY},
    "lt": compare(lambda a, b: a < b), "le": compare(lambda a, b: a <= b), "gt": compare(lambda a, b: a > b), "ge": compare(lambda a, b: a >= b),
    "eq_to": compare(lambda a, b: a == b), "ne_to": compare(lambda a, b: a != b),
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    "select": lambda m, a, b: np.where(m, a, b),
    "masked_fill": lambda x, m, value: np.where(m, np.asarray(Number(mpf(value)), dtype=object), x),
    "fill_where": lambda x, m, value: np.where(m, np.asarray(Number(mpf(value)), dtype=object), x),
    "cast": cast,
    "map": r.elementwise(lambda x: rows.sin(x) * rows.exp(x)),
    "map_many": r.elementwise(lambda a, b: a * rows.tanh(b)),
    "guarded_sqrt": r.elementwise(lambda x: rows.sqrt(x) if x.v > 0 else x.lift(0)),
    "reshape": lambda x, shape: x.reshape(shape), "flatten": np.ravel, "permute": lambda x, axes: np.transpose(x, axes),
    "transpose": lambda x: np.swapaxes(x, -1, -2), "swap_axes": lambda x, a, b: np.swapaxes(x, a, b), "move_axis": lambda x, a, b: np.moveaxis(x, a, b),
    "expand": lambda x, shape: np.broadcast_to(x, shape), "unsqueeze": lambda x, axis: np.expand_dims(x, axis), "squeeze": lambda x, axis: np.squeeze(x, axis),
    "slice": lambda x, at: x[r.slices(at)], "index": lambda x, at: x[at],
    "take": lambda x, i, axis: np.take(x, i, axis), "take_along": lambda x, i, axis: np.take_along_axis(x, i, axis), "scatter_add": r.scatter_add,
    "scatter": r.scatter, "scatter_set": r.scatter, "index_by": lambda x, *i: x[tuple(i)], "nonzero": lambda x: np.argwhere(np.asarray(np.frompyfunc(lambda n: bool(getattr(n, "v", n) != 0), 1, 1)(x), dtype=bool)), "masked_select": lambda x, m: x[np.broadcast_to(m, x.shape)],
    "set": r.set_slice, "add_at": r.add_slice, "broadcast": lambda *xs: list(np.broadcast_arrays(*xs)), "repeat_interleave": lambda x, times, axis: np.repeat(x, times, axis),
    "concat": lambda *xs, axis: np.concatenate(xs, axis), "stack": lambda *xs, axis: np.stack(xs, axis),
    "split": lambda x, sizes, axis: np.split(x, np.cumsum(sizes)[:-1], axis), "chunk": lambda x, n, axis: np.split(x, n, axis),
    "pad": pad, "flip": lambda x, axes: np.flip(x, axes), "roll": lambda x, shift, axis: np.roll(x, shift, axis), "repeat": lambda x, counts: np.tile(x, counts),
    "tril": lambda x, k: np.where(np.tri(*x.shape[-2:], k, dtype=bool), x, r.ZERO), "triu": lambda x, k: np.where(~np.tri(*x.shape[-2:], k - 1, dtype=bool), x, r.ZERO),
    "window": r.window, "fold": r.fold, "window_dilated": r.window, "fold_dilated": r.fold,
    "diagonal": lambda x, a, b: np.diagonal(x, 0, a, b), "diagonal_at": lambda x, a, b, offset: np.diagonal(x, offset, a, b), "trace": lambda x: r.reduction(r.total)(np.diagonal(x, 0, -2, -1), -1),
    "one_hot": r.one_hot,
    "sum": r.reduction(r.total), "mean": r.reduction(r.mean), "prod": r.reduction(r.prod), "max": r.reduction(r.extreme(1)), "min": r.reduction(r.extreme(-1)),
    "var": r.reduction(r.var), "std": r.reduction(lambda xs: r.root(r.var(xs))), "var_with": r.reduction(r.var), "std_with": r.reduction(lambda xs, ddof: r.root(r.var(xs, ddof))),
    "count_nonzero": r.reduction(lambda xs: sum(int(getattr(x, "v", x) != 0) for x in xs)), "norm": r.reduction(r.norm), "log_sum_exp": r.reduction(r.log_sum_exp),
    "any": r.reduction(any), "all": r.reduction(all),
    "argmax": lambda x, axis: r.reduction(r.place(1))(x, axis), "argmin": lambda x, axis: r.reduction(r.place(-1))(x, axis),
    "softmax": r.along(r.softmax), "log_softmax": r.along(r.log_softmax),
    "cumsum": lambda x, axis: r.along(r.running(lambda a, b: a + b))(x, axis), "cumprod": lambda x, axis: r.along(r.running(lambda a, b: a * b))(x, axis),
    "sort": lambda x, axis: r.by_order(False)(x, axis), "sort_descending": lambda x, axis: r.by_order(True)(x, axis),
    "argsort": lambda x, axis: r.along(r.order)(x, axis), "argsort_descending": lambda x, axis: r.along(lambda xs: r.order(xs, True))(x, axis), "top_k": r.top_k,
    "matmul": r.matmul, "dot": lambda a, b: r.einsum(a, b, spec="i,i->"), "outer": lambda a, b: r.einsum(a, b, spec="i,j->ij"), "einsum": r.einsum,
    "cross_entropy": r.cross_entropy, "cross_entropy_soft": r.cross_entropy, "sigmoid_cross_entropy": r.sigmoid_cross_entropy,
    "cross_entropy_with": r.cross_entropy, "sigmoid_cross_entropy_with": r.sigmoid_cross_entropy, "normalise": r.normalise,
    "layer_norm": r.layer_norm, "rms_norm": r.rms_norm,
    "batch_statistics": lambda x, axes: [r.reduction(r.mean)(x, axes), r.reduction(r.var)(x, axes)],
    "zeros": lambda shape, dtype: numbers(np.zeros(shape)), "ones": lambda shape, dtype: numbers(np.ones(shape)), "full": lambda shape, value, dtype: numbers(np.full(shape, value)),
    "arange": lambda start, stop, step: numbers(np.arange(start, stop, step)), "iota": lambda n: numbers(np.arange(n)),
    "linspace": lambda a, b, n: numbers(np.linspace(a, b, n)), "eye": lambda n, dtype: numbers(np.eye(n)),
}  # fmt: skip

INDICES = {("take", 1), ("take_along", 1), ("scatter_add", 1), ("scatter", 1), ("scatter_set", 1), ("index_by", 1), ("index_by", 2),
           ("cross_entropy", 1), ("cross_entropy_with", 1), ("one_hot", 0)}  # fmt: skip
BOOLEAN = {"lt", "le", "gt", "ge", "eq_to", "ne_to", "and", "or", "not", "any", "all"}
COUNTING = {"sum", "cumsum"}  # of truths
INTEGRAL = {"argmax", "argmin", "argsort", "argsort_descending", "iota", "count_nonzero", "nonzero"}
FLOATING = {"mean", "arange", "linspace", "one_hot", "sin", "div"}
OF_FIRST = {"take", "take_along", "scatter_add", "scatter", "scatter_set", "index_by", "masked_select", "masked_fill", "fill_where",
            "cross_entropy", "cross_entropy_with"}  # fmt: skip
MOVED = {"reshape", "flatten", "permute", "transpose", "swap_axes", "move_axis", "expand", "unsqueeze", "squeeze", "slice", "index", "flip", "roll", "repeat",
         "tril", "triu", "window", "window_dilated", "fold", "fold_dilated", "repeat_interleave", "diagonal", "diagonal_at", "trace", "split", "chunk", "pad"}  # fmt: skip
# Their Hessian is 0 nearly everywhere: in cases of second order the loss is a sum of squares.
LINEAR = {*MOVED, "concat", "stack", "take", "take_along", "scatter_add", "scatter", "scatter_set", "index_by", "masked_select", "broadcast", "set", "add_at", "select", "masked_fill", "fill_where", "cast", "sum", "mean", "cumsum",
          "max", "min", "sort", "sort_descending", "top_k", "add", "sub", "neg", "abs", "relu", "leaky_relu", "hard_sigmoid", "hard_tanh", "to_degrees", "to_radians",
          "maximum", "minimum", "copysign", "clamp", "fract", "rem", "dot", "norm", "std", "std_with"}  # fmt: skip


def dtypes(case):
    """Of each result, by the stated promotion."""
    given_ = [i.dtype for i in (case.inputs[:1] if case.op in OF_FIRST else case.inputs) if not (case.op == "select" and i is case.inputs[0])]
    common = max(given_, key=DTYPES.index, default=case.parameters.get("dtype", "f64"))
    one = "bool" if case.op in BOOLEAN else "i64" if case.op in INTEGRAL else case.parameters.get("dtype", common)
    if case.op in FLOATING and one not in REAL:
        one = "f64"
    if case.op in COUNTING and one == "bool":
        one = "i64"
    count = {"split": len(case.parameters.get("sizes", [])), "chunk": case.parameters.get("n", 1), "batch_statistics": 2, "broadcast": len(case.inputs)}.get(case.op, 1)
    return [one, "i64"] if case.op == "top_k" else [one] * count
