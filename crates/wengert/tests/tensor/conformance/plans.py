"""Which cases an operation has: a plan for each family of operations."""

import math

from case import make, settle, sizes
from operations import EDGES, FORMULAS, GAMMAS, KINKS, ON, PARAMETERS, special
from reference import INF, NAN, rows

# ----------------------------------------------------------------------------------------------------------------------
# Rows

# Points where others go wrong, and far tails (second order too).
FAR = {
    "tanh": [15, 20, -20], "sinc": [0.0, 0.25], "gelu": [-10, -8.5, 8.5], "softplus": [21, 800, -21], "asinh": [1e200, -1e-9],
    "sigmoid": [30, 38, -38], "ln_sigmoid": [-800, 38], "silu": [-38, 38], "mish": [-38, 21], "gelu_tanh": [-10, 8.5],
    "sech": [20, 354], "norm_cdf": [-8, -20, 8.3], "norm_ln_cdf": [-20, 8.3], "erfc": [5.9, 26.5], "atan": [1e10, 1e-10],
    "softsign": [1e10, 1e-10], "exp_m1": [1e-10, -40], "ln_1p": [1e-10], "log10": [1.0001], "mills": [-20, 5], "ln": [1.0001],
}  # fmt: skip

ERROR_FUNCTIONS = {"erf", "erfc", "norm_cdf", "norm_ln_cdf", "gelu", "mills"}


def edge_points(name):
    lo, hi = ON[name][0]
    points = [x for x in (0.0, -0.0, 1e-300, -1e-300) if lo <= x <= hi]
    if name in GAMMAS:
        points = [0.0, 1e-300, -2.5, 171.5, INF, NAN]
    elif name in ERROR_FUNCTIONS:
        points += [max(lo, -1e100), min(hi, 1e100), INF, -INF, NAN]
    else:
        points += [lo, hi, INF, -INF, NAN]
    points += list(KINKS.get(name, {})) + ([-0.5] if lo == 0.0 else [])
    dropped = {"powf": [-INF], "mills": [1e-300, -1e-300], "norm_sparsity": [1e-300], "norm_inv_cdf": [1e-300]}.get(name, [])
    steep = math.isinf((KINKS.get(name, {}).get(0.0) or (0, 0))[1] or INF)
    dropped = [repr(x) for x in dropped + ([-0.0] if name == "signum" or steep and 0.0 in KINKS.get(name, {}) else [])]
    return [float(x) for x in dict.fromkeys(map(repr, points)) if x not in dropped]


def edges_of(name):
    points = list(EDGES[name])
    specs = ["f64 %d = %s" % (len(points), " ".join(repr(p[k]) for p in points)) for k in range(len(points[0]))]
    case = make(name, "edge", *specs)
    open_ = [j for j, p in enumerate(points) if EDGES[name][p] is not None and EDGES[name][p][1] is None]
    case.unknown = {(k, j) for j in open_ for k in range(len(specs))}
    return case


def row_cases(name):
    arity = 1 if name in rows.UNARY else 2 if name not in rows.TERNARY else 3
    others = lambda *specs: specs[: arity - 1]
    p = PARAMETERS.get(name, {})
    yield make(name, "usual", "f64 2,3", *others("f64 2,3", "f64 2,3"), **p)
    if arity == 1:
        yield make(name, "broadcast", "f64 3 expand 2,3", **p)
        yield make(name, "broadcast", "f64 2,1 expand 2,3", **p)
    else:
        yield make(name, "broadcast", "f64 2,3", *others("f64 3", "f64 2,1"), **p)
        yield make(name, "broadcast", "f64 2,1", *others("f64 1,3", "f64 ()"), **p)
        yield make(name, "broadcast", "f64 ()", *others("f64 2,2", "f64 1,2"), **p)
    yield make(name, "empty", "f64 0,3", *others("f64 3", "f64 ()"), **p)
    yield make(name, "strided", "f64 3,2 transpose", *others("f64 2,3 reverse", "f64 2,5 step"), **p)
    yield make(name, "strided", "f64 2,5 step", *others("f64 3,2 transpose", "f64 2,3 reverse"), **p)
    yield make(name, "second", "f64 4", *others("f64 4", "f64 4"), **p)
    yield make(name, "single", "f32 3", *others("f32 3", "f32 ()"), **p)
    if name in ("add", "sub", "mul", "maximum", "minimum", "neg", "abs"):
        yield make(name, "integer", "i64 2,3", *others("i64 3"), **p)
    if name in ("sin", "div", "add"):
        yield make(name, "promoted", "i64 3 = 1 2 -3", *others("i64 3 = 2 4 5" if name == "div" else "f64 3"), **p)
    if name == "mul":
        yield make(name, "promoted", "i64 3 = 1 2 -3", "f32 3", **p)
    if name in FAR:
        xs = [float(x) for x in FAR[name]]
        yield make(name, "edge", f"f64 {len(xs)} = " + " ".join(map(repr, xs)), second=True, **p)
    if arity > 1:
        return
    points = edge_points(name)
    case = make(name, "edge", f"f64 {len(points)} = " + " ".join(map(repr, points)), **p)
    case.unknown = {(0, j) for j, x in enumerate(points) if (special(name, x) or (0, 0))[1] is None}
    yield case


# ----------------------------------------------------------------------------------------------------------------------
# Reductions, and what works along axes

LISTS = {
    "sum": [[INF, 1, 2], [INF, -INF, 1], [NAN, 1, 2], [0.0, -0.0, 0.0], [1e300, 1e300, 1e-300]],
    "mean": [[INF, 1, 2], [INF, -INF, 1], [NAN, 1, 2], [1e300, 1e300, 1e-300]],
    "prod": [[0, 2, 3], [0, 0, 3], [0, 0, 0], [1e200, 1e-200, 2]],
    "max": [[3, 1, 3], [2, 2, 2], [INF, INF, 1], [NAN, 1, 2], [-INF, -INF, -INF], [0.0, -0.0, -1]],
    "min": [[1, 3, 1], [2, 2, 2], [-INF, -INF, 1], [NAN, 1, 2], [INF, INF, INF], [0.0, -0.0, 1]],
    "var": [[2, 2, 2], [1e150, -1e150, 0], [1e-150, -1e-150, 0], [NAN, 1, 2]],
    "std": [[2, 2, 2], [1e150, -1e150, 0], [1e6, 1000001, 1000002], [NAN, 1, 2]],
    "var_with": [[2, 2, 2], [1e150, -1e150, 0], [1e-150, -1e-150, 0], [NAN, 1, 2]],
    "std_with": [[2, 2, 2], [1e150, -1e150, 0], [NAN, 1, 2]],
    "count_nonzero": [[0.0, -0.0, 1], [NAN, INF, 0], [0, 0, 0]],
    "argsort_descending": [[3, 1, 3], [INF, -INF, 0], [2, 2, 2], [0.0, NAN, INF]],
    "norm": [[0, 0, 0], [3e200, 4e200, 0], [3e-200, 4e-200, 0], [INF, 1, 2], [NAN, 1, 2]],
    "log_sum_exp": [[1e4, 1e4, 0], [-INF, -INF, -INF], [-INF, 0, 1], [INF, 1, 2], [INF, INF, 0], [-1e4, 0, 40], [NAN, 1, 2]],
    "softmax": [[1e4, 1e4, 0], [-INF, -INF, -INF], [-INF, 0, 1], [INF, 1, 2], [INF, INF, 0], [-1e4, 0, 40], [NAN, 1, 2]],
    "log_softmax": [[1e4, 1e4, 0], [-INF, 0, 1], [-1e4, 0, 40], [700, -700, 0]],
    "cumsum": [[INF, 1, 2], [1, INF, -INF], [1, NAN, 2], [0.0, -0.0, 1]],
    "cumprod": [[0, 2, 3], [2, 0, 3], [0, 0, 3], [1e200, 1e-200, 2]],
    "sort": [[3, 1, 3], [INF, -INF, 0], [2, 2, 2], [0.0, -1, INF]],
    "sort_descending": [[3, 1, 3], [INF, -INF, 0], [2, 2, 2], [0.0, -1, INF]],
    "argsort": [[3, 1, 3], [INF, -INF, 0], [2, 2, 2], [0.0, NAN, INF]],
    "argmax": [[3, 1, 3], [INF, INF, 0], [2, 2, 2], [-INF, -1, -INF]],
    "argmin": [[1, 3, 1], [INF, -INF, -INF], [2, 2, 2], [0.5, INF, 0.5]],
    "layer_norm": [[2, 2, 2], [1e6, 1000001, 1000002], [1e100, -1e100, 0], [NAN, 1, 2]],
    "rms_norm": [[0, 0, 0], [1e100, -1e100, 0], [1e-100, 0, 1e-100], [NAN, 1, 2]],
    "batch_statistics": [[2, 2, 2], [1e6, 1000001, 1000002], [1e100, -1e100, 0], [NAN, 1, 2]],
    "top_k": [[3, 1, 3], [INF, -INF, 0], [2, 2, 2], [0.0, -1, INF]],
}  # fmt: skip


def lists(op, dtype="f64"):
    rows_ = LISTS[op]
    return f"{dtype} {len(rows_)},3 = " + " ".join(repr(float(x)) for row in rows_ for x in row)


def reduction_cases(op, **p):
    yield make(op, "usual", "f64 2,3", axes=-1, **p)
    yield make(op, "usual", "f64 2,3", axes="all", **p)
    yield make(op, "usual", "f64 2,2,2", axes=[0, 2], **p)
    yield make(op, "usual", "f64 2,3", axes=0, keep=True, **p)
    yield make(op, "broadcast", "f64 3 expand 2,3", axes=0, **p)
    yield make(op, "broadcast", "f64 2,1 expand 2,3", axes=-1, keep=True, **p)
    yield make(op, "empty", "f64 0,3", axes=-1, **p)
    if op in ("sum", "prod", "norm", "log_sum_exp"):
        yield make(op, "empty", "f64 2,0", axes=-1, **p)
    yield make(op, "strided", "f64 3,2 transpose", axes=0, **p)
    yield make(op, "strided", "f64 2,5 step", axes=-1, **p)
    yield make(op, "strided", "f64 3,2 reverse", axes=0, **p)
    yield make(op, "edge", lists(op), axes=-1, **p)
    if op == "count_nonzero":
        return
    yield make(op, "second", "f64 2,3", axes=-1, **p)
    yield make(op, "single", "f32 2,3", axes=-1, **p)
    if op == "sum":
        yield make(op, "integer", "bool 2,3", axes=-1)
    if op == "mean":
        yield make(op, "promoted", "i64 2,3", axes=-1)
    if op in ("sum", "prod", "max", "min"):
        yield make(op, "integer", "i64 2,3", axes=-1, **p)
        yield make(op, "edge", "f64 3 = 0 2 3" if op == "prod" else "f64 2,2 = 1 5 5 1", axes="all", second=op == "prod", **p)


def along_cases(op, axis="axis", **p):
    """Operations along one axis (or, as softmax, along `axes`)."""
    yield make(op, "usual", "f64 2,3", **{axis: -1}, **p)
    yield make(op, "usual", "f64 2,3", **{axis: 0}, **p | ({"k": 1} if op == "top_k" else {}))
    yield make(op, "broadcast", "f64 3 expand 2,3", **{axis: -1}, **p)
    if op not in ("top_k", "layer_norm", "rms_norm"):  # equal numbers have no variance
        yield make(op, "broadcast", "f64 2,1 expand 2,3", **{axis: -1}, **p)
    else:
        yield make(op, "broadcast", "f64 2,1,3 expand 2,2,3", **{axis: -1}, **p)
    yield make(op, "empty", "f64 0,3", **{axis: -1}, **p)
    yield make(op, "strided", "f64 3,2 transpose", **{axis: -1}, **p)
    yield make(op, "strided", "f64 2,5 step", **{axis: -1}, **p)
    yield make(op, "strided", "f64 3,2 reverse", **{axis: 0}, **p)
    yield make(op, "edge", lists(op), **{axis: -1}, **p)
    yield make(op, "second", "f64 2,3", **{axis: -1}, **p)
    yield make(op, "single", "f32 2,3", **{axis: -1}, **p)
    if op in ("cumsum", "cumprod", "sort", "sort_descending", "argsort", "top_k", "argmax", "argmin"):
        yield make(op, "integer", "i64 2,3 = 3 1 2 5 5 -4", **{axis: -1}, **p)


def with_axes(op, **p):
    yield from along_cases(op, "axes", **p)
    yield make(op, "usual", "f64 2,2,2", axes=[0, 2], **p)


def truth_cases(op):
    yield make(op, "usual", "bool 2,3", axes=-1)
    yield make(op, "usual", "bool 2,3", axes="all")
    yield make(op, "broadcast", "bool 3 expand 2,3", axes=0)
    yield make(op, "broadcast", "bool 2,1 expand 2,3", axes=-1, keep=True)
    yield make(op, "empty", "bool 2,0", axes=-1)
    yield make(op, "empty", "bool 0,3", axes=-1)
    yield make(op, "strided", "bool 3,2 transpose", axes=-1)
    yield make(op, "strided", "bool 2,5 step", axes=-1)
    yield make(op, "edge", "bool 2,3 = 1 1 1 0 0 0", axes=-1)


def count_cases():
    op = "count_nonzero"
    yield from (c for c in reduction_cases(op) if c.kind not in ("second", "single", "integer"))
    yield make(op, "integer", "i64 2,3 = 1 0 0 0 2 3", axes=-1)
    yield make(op, "integer", "bool 2,3", axes=-1)


def index_cases(op):
    yield from (c for c in along_cases(op) if c.kind not in ("second", "single"))


# ----------------------------------------------------------------------------------------------------------------------
# Comparisons and choice


def comparison_cases(op):
    points = [(1, 1), (0.0, -0.0), (NAN, 1), (NAN, NAN), (INF, INF), (-INF, INF), (1, 2)]
    a, b = [" ".join(repr(float(p[k])) for p in points) for k in (0, 1)]
    yield make(op, "usual", "f64 2,3", "f64 2,3")
    yield make(op, "broadcast", "f64 2,3", "f64 3")
    yield make(op, "broadcast", "f64 2,1", "f64 1,3")
    yield make(op, "broadcast", "f64 ()", "f64 2,2")
    yield make(op, "empty", "f64 0,3", "f64 3")
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,3 reverse")
    yield make(op, "edge", f"f64 7 = {a}", f"f64 7 = {b}")
    yield make(op, "single", "f32 3", "f32 ()")
    yield make(op, "integer", "i64 3 = 1 2 3", "i64 3 = 3 2 1")


def logic_cases(op):
    other = lambda *specs: () if op == "not" else specs
    yield make(op, "usual", "bool 2,2 = 0 0 1 1", *other("bool 2,2 = 0 1 0 1"))
    yield make(op, "broadcast", "bool 3 expand 2,3", *other("bool 3"))
    yield make(op, "broadcast", "bool 2,1 expand 2,3", *other("bool 1,3"))
    yield make(op, "broadcast", "bool 2,2", *other("bool ()"))
    yield make(op, "empty", "bool 0,3", *other("bool 3"))
    yield make(op, "strided", "bool 3,2 transpose", *other("bool 2,3 reverse"))
    yield make(op, "strided", "bool 2,5 step", *other("bool 2,3"))
    yield make(op, "edge", "bool 2 = 0 1", *other("bool () = 1"))


def select_cases():
    op = "select"
    yield make(op, "usual", "bool 2,3", "f64 2,3", "f64 2,3")
    yield make(op, "broadcast", "bool 3", "f64 2,3", "f64 2,1")
    yield make(op, "broadcast", "bool 2,1", "f64 ()", "f64 1,3")
    yield make(op, "empty", "bool 3", "f64 0,3", "f64 ()")
    yield make(op, "strided", "bool 3,2 transpose", "f64 2,3 reverse", "f64 2,5 step")
    yield make(op, "edge", "bool 5 = 1 0 1 0 1", "f64 5 = nan nan inf -inf -0.0", "f64 5 = 1 2 nan inf nan")
    yield make(op, "second", "bool 3 = 1 0 1", "f64 3", "f64 3")
    yield make(op, "single", "bool 3 = 1 0 1", "f32 3", "f32 3")
    yield make(op, "integer", "bool 3 = 1 0 1", "i64 3", "i64 3")


def masked_cases(op):
    yield make(op, "usual", "f64 2,3", "bool 2,3", value=1.5)
    yield make(op, "broadcast", "f64 2,3", "bool 3", value=1.5)
    yield make(op, "broadcast", "f64 2,3", "bool 2,1", value=-1.0)
    yield make(op, "empty", "f64 0,3", "bool 3", value=1.5)
    yield make(op, "strided", "f64 3,2 transpose", "bool 2,3 reverse", value=0.0)
    yield make(op, "edge", "f64 4 = nan inf nan -inf", "bool 4 = 1 1 0 0", value=-INF)
    yield make(op, "second", "f64 3", "bool 3 = 1 0 0", value=1.5)
    yield make(op, "single", "f32 3", "bool 3 = 1 0 0", value=1.5)
    yield make(op, "integer", "i64 3", "bool 3 = 1 0 0", value=7)


def one_input_cases(op, **p):
    """Elementwise operations of one real input that are no rows."""
    yield make(op, "usual", "f64 2,3", **p)
    yield make(op, "broadcast", "f64 3 expand 2,3", **p)
    yield make(op, "broadcast", "f64 2,1 expand 2,3", **p)
    yield make(op, "empty", "f64 0,3", **p)
    yield make(op, "strided", "f64 3,2 transpose", **p)
    yield make(op, "strided", "f64 2,5 step", **p)
    yield make(op, "second", "f64 4", **p)
    yield make(op, "single", "f32 3", **p)


def cast_cases():
    yield from (c for c in one_input_cases("cast", dtype="f32") if c.kind != "single")
    yield make("cast", "single", "f32 3", dtype="f64")
    yield make("cast", "edge", "f64 5 = 0 inf -inf nan 1e300", dtype="f32")
    yield make("cast", "edge", "f64 5 = 0 -0.0 2.75 -2.75 3", dtype="i64")
    yield make("cast", "integer", "i64 3 = 0 -2 5", dtype="f64")
    yield make("cast", "integer", "bool 3 = 0 1 1", dtype="i64")


def map_cases():
    yield from one_input_cases("map")
    yield make("map", "edge", "f64 4 = 0 -0.0 nan -745")
    yield from one_input_cases("guarded_sqrt")
    yield make("guarded_sqrt", "edge", "f64 5 = 0 -0.0 -1 nan 4")
    op = "map_many"
    yield make(op, "usual", "f64 2,3", "f64 2,3")
    yield make(op, "broadcast", "f64 2,3", "f64 3")
    yield make(op, "broadcast", "f64 2,1", "f64 1,3")
    yield make(op, "empty", "f64 0,3", "f64 3")
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,3 reverse")
    yield make(op, "edge", "f64 4 = 0 1 2 nan", "f64 4 = 20 0 400 1")
    yield make(op, "second", "f64 3", "f64 3")
    yield make(op, "single", "f32 3", "f32 ()")


# ----------------------------------------------------------------------------------------------------------------------
# Moving elements: (class, inputs, parameters); edge, second, single and integer cases repeat a usual one

ODD = ["nan", "inf", "-inf", "-0.0", "0.0", "1e300", "-1e-300", "5e-324"]
MOVES = {
    "reshape": [("usual", "2,3", dict(shape=[3, 2])), ("usual", "2,3", dict(shape=[2, -1])), ("broadcast", "3 expand 2,3", dict(shape=[6])),
                ("broadcast", "() expand 2,2", dict(shape=[4])), ("empty", "0,3", dict(shape=[3, 0])), ("strided", "3,2 transpose", dict(shape=[3, 2])), ("strided", "2,5 step", dict(shape=[6]))],
    "flatten": [("usual", "2,3", {}), ("broadcast", "3 expand 2,3", {}), ("broadcast", "2,1 expand 2,3", {}), ("empty", "0,3", {}), ("strided", "3,2 transpose", {}), ("strided", "2,5 step", {})],
    "permute": [("usual", "2,3", dict(axes=[1, 0])), ("usual", "1,2,3", dict(axes=[2, 0, 1])), ("broadcast", "3 expand 2,3", dict(axes=[-1, 0])), ("broadcast", "2,1 expand 2,3", dict(axes=[1, 0])),
                ("empty", "2,0,3", dict(axes=[1, 2, 0])), ("strided", "3,2 transpose", dict(axes=[1, 0])), ("strided", "3,2 reverse", dict(axes=[1, 0]))],
    "transpose": [("usual", "2,3", {}), ("usual", "2,2,3", {}), ("broadcast", "3 expand 2,3", {}), ("broadcast", "2,1 expand 2,3", {}), ("empty", "0,3", {}), ("strided", "3,2 transpose", {}), ("strided", "2,5 step", {})],
    "swap_axes": [("usual", "2,3", dict(a=0, b=-1)), ("usual", "1,2,3", dict(a=0, b=2)), ("broadcast", "3 expand 2,3", dict(a=0, b=1)), ("broadcast", "2,1 expand 2,3", dict(a=1, b=0)),
                  ("empty", "0,3", dict(a=0, b=1)), ("strided", "3,2 transpose", dict(a=0, b=1)), ("strided", "2,5 step", dict(a=0, b=0))],
    "move_axis": [("usual", "1,2,3", dict(a=0, b=2)), ("usual", "1,2,3", dict(a=-1, b=0)), ("broadcast", "3 expand 2,3", dict(a=0, b=1)), ("broadcast", "2,1 expand 2,3", dict(a=1, b=0)),
                  ("empty", "0,3", dict(a=0, b=1)), ("strided", "3,2 transpose", dict(a=0, b=1)), ("strided", "2,5 step", dict(a=1, b=1))],
    "expand": [("usual", "2,3", dict(shape=[2, 3])), ("broadcast", "3", dict(shape=[2, 3])), ("broadcast", "2,1", dict(shape=[2, 3])), ("broadcast", "()", dict(shape=[2, 2])),
               ("empty", "1,3", dict(shape=[0, 3])), ("strided", "3,1 transpose", dict(shape=[2, 3])), ("strided", "5 step", dict(shape=[2, 3]))],
    "unsqueeze": [("usual", "2,3", dict(axis=0)), ("usual", "2,3", dict(axis=-1)), ("broadcast", "3 expand 2,3", dict(axis=1)), ("broadcast", "()", dict(axis=0)), ("empty", "0,3", dict(axis=1)), ("strided", "3,2 transpose", dict(axis=1)), ("strided", "2,5 step", dict(axis=-1))],
    "squeeze": [("usual", "2,1,3", dict(axis=1)), ("usual", "2,1", dict(axis=-1)), ("broadcast", "3 expand 1,3", dict(axis=0)), ("broadcast", "1 expand 2,1", dict(axis=-1)), ("empty", "0,1", dict(axis=1)), ("strided", "3,1 transpose", dict(axis=0)), ("strided", "1,5 step", dict(axis=0))],
    "slice": [("usual", "3,4", dict(at="1:3,::2")), ("usual", "3,4", dict(at="...,-1")), ("usual", "4", dict(at="::-1")), ("usual", "5", dict(at="3:0:-2")), ("broadcast", "3 expand 2,3", dict(at="0,1:")),
              ("broadcast", "2,1 expand 2,3", dict(at=":,-2:")), ("empty", "3,2", dict(at="1:1,:")), ("empty", "0,3", dict(at=":,1:")), ("strided", "3,2 transpose", dict(at="::-1,1:")), ("strided", "2,5 step", dict(at="-1,::2"))],
    "index": [("usual", "3,2", dict(at=1)), ("usual", "3,2", dict(at=-1)), ("broadcast", "3 expand 2,3", dict(at=0)), ("broadcast", "2,1 expand 2,3", dict(at=1)), ("empty", "2,0", dict(at=1)), ("strided", "3,2 transpose", dict(at=1)), ("strided", "3,2 reverse", dict(at=0))],
    "flip": [("usual", "2,3", dict(axes=[0])), ("usual", "2,3", dict(axes=[0, -1])), ("broadcast", "3 expand 2,3", dict(axes=[0])), ("broadcast", "2,1 expand 2,3", dict(axes=[1])), ("empty", "0,3", dict(axes=[0])), ("strided", "3,2 transpose", dict(axes=[1])), ("strided", "3,2 reverse", dict(axes=[0]))],
    "roll": [("usual", "2,3", dict(shift=1, axis=-1)), ("usual", "2,3", dict(shift=-4, axis=1)), ("broadcast", "3 expand 2,3", dict(shift=1, axis=0)), ("broadcast", "2,1 expand 2,3", dict(shift=2, axis=1)), ("empty", "0,3", dict(shift=1, axis=0)), ("strided", "3,2 transpose", dict(shift=1, axis=1)), ("strided", "2,5 step", dict(shift=-1, axis=1))],
    "repeat": [("usual", "2", dict(counts=[3])), ("usual", "1,2", dict(counts=[2, 2])), ("broadcast", "3 expand 2,3", dict(counts=[2, 1])), ("broadcast", "2,1 expand 2,2", dict(counts=[1, 2])), ("empty", "2", dict(counts=[0])), ("empty", "0,2", dict(counts=[2, 2])), ("strided", "3,2 transpose", dict(counts=[2, 1])), ("strided", "1,5 step", dict(counts=[1, 2]))],
    "tril": [("usual", "3,3", dict(k=0)), ("usual", "2,3", dict(k=-1)), ("broadcast", "3 expand 2,3", dict(k=1)), ("broadcast", "2,1 expand 2,3", dict(k=0)), ("empty", "0,3", dict(k=0)), ("strided", "3,2 transpose", dict(k=0)), ("strided", "2,5 step", dict(k=0))],
    "triu": [("usual", "3,3", dict(k=0)), ("usual", "2,3", dict(k=1)), ("broadcast", "3 expand 2,3", dict(k=-1)), ("broadcast", "2,1 expand 2,3", dict(k=0)), ("empty", "0,3", dict(k=0)), ("strided", "3,2 transpose", dict(k=0)), ("strided", "2,5 step", dict(k=0))],
    "window": [("usual", "5", dict(axis=0, size=3, step=1)), ("usual", "2,5", dict(axis=-1, size=2, step=2)), ("usual", "4,2", dict(axis=0, size=2, step=1)), ("broadcast", "4 expand 2,4", dict(axis=1, size=3, step=1)), ("broadcast", "2,1 expand 2,4", dict(axis=1, size=2, step=2)),
               ("empty", "0,4", dict(axis=1, size=2, step=1)), ("strided", "4,2 transpose", dict(axis=1, size=3, step=1)), ("strided", "5 reverse", dict(axis=0, size=2, step=3))],
    "fold": [("usual", "3,3", dict(axis=0, size=3, step=1, length=5)), ("usual", "2,2,2", dict(axis=-1, size=2, step=2, length=5)), ("usual", "3,2,2", dict(axis=0, size=2, step=1, length=4)), ("broadcast", "3 expand 2,3", dict(axis=0, size=3, step=1, length=4)), ("broadcast", "2,1 expand 2,2", dict(axis=0, size=2, step=2, length=4)),
             ("empty", "0,2,2", dict(axis=1, size=2, step=1, length=3)), ("strided", "2,3 transpose", dict(axis=0, size=2, step=1, length=4)), ("strided", "3,2 reverse", dict(axis=0, size=2, step=3, length=8))],
    "window_dilated": [("usual", "6", dict(axis=0, size=2, step=1, dilation=3)), ("usual", "2,5", dict(axis=-1, size=3, step=2, dilation=1)), ("broadcast", "5 expand 2,5", dict(axis=1, size=2, step=2, dilation=2)), ("broadcast", "2,1 expand 2,4", dict(axis=1, size=2, step=1, dilation=2)),
                       ("empty", "0,4", dict(axis=1, size=2, step=1, dilation=2)), ("strided", "5,2 transpose", dict(axis=1, size=3, step=1, dilation=2)), ("strided", "5 reverse", dict(axis=0, size=2, step=1, dilation=4))],
    "fold_dilated": [("usual", "3,2", dict(axis=0, size=2, step=1, length=6, dilation=3)), ("usual", "2,2,3", dict(axis=-1, size=3, step=2, length=7, dilation=2)), ("broadcast", "2 expand 2,2", dict(axis=0, size=2, step=2, length=5, dilation=2)), ("broadcast", "2,1 expand 2,2", dict(axis=0, size=2, step=1, length=4, dilation=2)),
                     ("empty", "0,2,2", dict(axis=1, size=2, step=1, length=4, dilation=2)), ("strided", "2,2 transpose", dict(axis=0, size=2, step=1, length=4, dilation=2)), ("strided", "2,2 reverse", dict(axis=0, size=2, step=3, length=8, dilation=4))],
    "repeat_interleave": [("usual", "3", dict(times=2, axis=0)), ("usual", "2,2", dict(times=3, axis=-1)), ("broadcast", "3 expand 2,3", dict(times=2, axis=0)), ("broadcast", "2,1 expand 2,2", dict(times=2, axis=1)),
                          ("empty", "2", dict(times=0, axis=0)), ("empty", "0,2", dict(times=2, axis=1)), ("strided", "3,2 transpose", dict(times=2, axis=1)), ("strided", "1,5 step", dict(times=2, axis=1))],
    "diagonal": [("usual", "3,3", dict(a=0, b=1)), ("usual", "2,3,2", dict(a=0, b=2)), ("broadcast", "3 expand 2,3", dict(a=0, b=1)), ("broadcast", "2,1 expand 2,3", dict(a=1, b=0)), ("empty", "0,3", dict(a=0, b=1)), ("strided", "3,2 transpose", dict(a=0, b=-1)), ("strided", "3,3 reverse", dict(a=-2, b=-1))],
    "diagonal_at": [("usual", "3,3", dict(a=0, b=1, offset=1)), ("usual", "2,3,2", dict(a=0, b=2, offset=-1)), ("broadcast", "3 expand 2,3", dict(a=0, b=1, offset=2)), ("broadcast", "2,1 expand 2,3", dict(a=1, b=0, offset=-1)),
                    ("empty", "2,2", dict(a=0, b=1, offset=2)), ("strided", "3,2 transpose", dict(a=0, b=-1, offset=1)), ("strided", "3,3 reverse", dict(a=-2, b=-1, offset=-1))],
    "trace": [("usual", "3,3", {}), ("usual", "2,2,2", {}), ("broadcast", "3 expand 3,3", {}), ("broadcast", "2,1 expand 2,2", {}), ("empty", "0,0", {}), ("strided", "2,2 transpose", {}), ("strided", "2,2 reverse", {})],
    "split": [("usual", "4", dict(sizes=[1, 3], axis=0)), ("usual", "2,4", dict(sizes=[1, 1, 2], axis=-1)), ("broadcast", "3 expand 2,3", dict(sizes=[1, 1], axis=0)), ("broadcast", "2,1 expand 2,3", dict(sizes=[2, 1], axis=1)), ("empty", "3", dict(sizes=[0, 3], axis=0)), ("strided", "3,2 transpose", dict(sizes=[1, 2], axis=1)), ("strided", "2,5 step", dict(sizes=[2, 1], axis=1))],
    "chunk": [("usual", "4", dict(n=2, axis=0)), ("usual", "2,4", dict(n=4, axis=-1)), ("broadcast", "3 expand 2,3", dict(n=2, axis=0)), ("broadcast", "2,1 expand 2,4", dict(n=2, axis=1)), ("empty", "0,4", dict(n=2, axis=1)), ("strided", "4,2 transpose", dict(n=2, axis=1)), ("strided", "4,2 reverse", dict(n=2, axis=0))],
    "pad": [("usual", "2,3", dict(widths=[[1, 1], [0, 2]], mode="constant", value=0.0)), ("usual", "3", dict(widths=[[2, 1]], mode="constant", value=1.5)), ("usual", "3", dict(widths=[[2, 1]], mode="reflect")), ("usual", "3", dict(widths=[[2, 1]], mode="symmetric")), ("usual", "2,3", dict(widths=[[0, 0], [2, 1]], mode="wrap")), ("usual", "2,3", dict(widths=[[1, 0], [1, 2]], mode="edge")),
            ("broadcast", "3 expand 2,3", dict(widths=[[1, 0], [0, 1]], mode="reflect")), ("broadcast", "2,1 expand 2,3", dict(widths=[[0, 1], [1, 1]], mode="edge")), ("broadcast", "() expand 2", dict(widths=[[1, 1]], mode="constant", value=0.0)),
            ("empty", "0,2", dict(widths=[[1, 0], [0, 1]], mode="constant", value=0.0)), ("strided", "3,2 transpose", dict(widths=[[1, 1], [2, 0]], mode="reflect")), ("strided", "2,5 step", dict(widths=[[0, 0], [1, 1]], mode="edge"))],
}  # fmt: skip


def move_cases(op):
    plan = MOVES[op]
    for kind, shape, p in plan:
        yield make(op, kind, f"f64 {shape}", **p)
    _, shape, p = plan[0]
    n = math.prod(sizes(shape))
    odd = (ODD * n)[:n]
    yield make(op, "edge", f"f64 {shape} = " + " ".join(odd), **p)
    yield make(op, "second", f"f64 {shape}", **p)
    yield make(op, "single", f"f32 {shape}", **p)
    yield make(op, "integer", f"i64 {shape}", **p | ({"value": 7} if op == "pad" else {}))


def join_cases(op):
    short = lambda: "f64 2,3" if op == "stack" else "f64 2,1"
    yield make(op, "usual", "f64 2,3", short(), axis=-1)
    yield make(op, "usual", "f64 2", "f64 2", "f64 2", axis=0)
    yield make(op, "broadcast", "f64 3 expand 2,3", "f64 2,3", axis=0)
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "f64 () expand 2,3", axis=1)
    yield make(op, "empty", "f64 0,3", "f64 0,3" if op == "stack" else "f64 2,3", axis=0)
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,3 reverse", axis=0)
    yield make(op, "strided", "f64 2,5 step", "f64 2,3", axis=1)
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "f64 4 = 0 1e300 5e-324 nan", axis=0)
    yield make(op, "second", "f64 3", "f64 3", axis=0)
    yield make(op, "single", "f32 3", "f32 3", axis=0)
    yield make(op, "integer", "i64 3", "i64 3", axis=0)
    yield make(op, "promoted", "f32 2", "f64 2", axis=0)


def take_cases():
    op = "take"
    yield make(op, "usual", "f64 3,2", "i64 4 = 2 0 0 1", axis=0)
    yield make(op, "usual", "f64 2,3", "i64 2,2 = 2 0 1 2", axis=-1)
    yield make(op, "broadcast", "f64 3 expand 2,3", "i64 2 = 1 0", axis=0)
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "i64 () = 1", axis=1)
    yield make(op, "empty", "f64 3,2", "i64 0", axis=0)
    yield make(op, "empty", "f64 2,0", "i64 2 = 1 1", axis=0)
    yield make(op, "strided", "f64 3,2 transpose", "i64 3 = 2 2 0", axis=1)
    yield make(op, "strided", "f64 3,2 reverse", "i64 3 = 0 2 0", axis=0)
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "i64 5 = 3 0 1 2 0", axis=0)
    yield make(op, "second", "f64 3", "i64 4 = 2 0 0 1", axis=0)
    yield make(op, "single", "f32 3", "i64 4 = 2 0 0 1", axis=0)
    yield make(op, "integer", "i64 3", "i64 4 = 2 0 0 1", axis=0)


def take_along_cases():
    op = "take_along"
    yield make(op, "usual", "f64 2,3", "i64 2,2 = 2 0 1 1", axis=-1)
    yield make(op, "usual", "f64 2,3", "i64 1,3 = 1 0 1", axis=0)
    yield make(op, "broadcast", "f64 3 expand 2,3", "i64 2,2 = 2 0 1 1", axis=1)
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "i64 2,1 = 2 0", axis=1)
    yield make(op, "empty", "f64 2,3", "i64 2,0", axis=1)
    yield make(op, "strided", "f64 3,2 transpose", "i64 2,2 = 2 0 1 1", axis=1)
    yield make(op, "strided", "f64 2,5 step", "i64 2,3 = 2 0 2 1 1 1", axis=1)
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "i64 5 = 3 0 1 2 0", axis=0)
    yield make(op, "second", "f64 3", "i64 4 = 2 0 0 1", axis=0)
    yield make(op, "single", "f32 3", "i64 4 = 2 0 0 1", axis=0)
    yield make(op, "integer", "i64 3", "i64 4 = 2 0 0 1", axis=0)


def scatter_cases(op):
    yield make(op, "usual", "f64 3,2", "i64 4 = 2 0 0 1", "f64 4,2", axis=0)
    yield make(op, "usual", "f64 2,3", "i64 2 = 2 2", "f64 2,2", axis=-1)
    yield make(op, "broadcast", "f64 2 expand 3,2", "i64 2 = 1 0", "f64 2,2", axis=0)
    yield make(op, "broadcast", "f64 3,2", "i64 2 = 1 1", "f64 2 expand 2,2", axis=0)
    yield make(op, "empty", "f64 3,2", "i64 0", "f64 0,2", axis=0)
    yield make(op, "strided", "f64 3,2 transpose", "i64 2 = 2 0", "f64 2,2 reverse", axis=1)
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "i64 4 = 3 1 2 2", "f64 4 = 1 1 inf 2", axis=0)
    yield make(op, "second", "f64 3", "i64 4 = 2 0 0 1", "f64 4", axis=0)
    yield make(op, "single", "f32 3", "i64 4 = 2 0 0 1", "f32 4", axis=0)
    yield make(op, "integer", "i64 3", "i64 4 = 2 0 0 1", "i64 4", axis=0)


def index_by_cases():
    op = "index_by"
    yield make(op, "usual", "f64 3,2", "i64 4 = 2 0 0 1", "i64 4 = 1 0 0 1")
    yield make(op, "usual", "f64 3,2", "i64 2 = 2 2")
    yield make(op, "broadcast", "f64 3,2", "i64 2,1 = 2 0", "i64 2 = 1 0")
    yield make(op, "broadcast", "f64 2 expand 3,2", "i64 2 = 1 1")
    yield make(op, "empty", "f64 3,2", "i64 0", "i64 0")
    yield make(op, "strided", "f64 3,2 transpose", "i64 2 = 0 1", "i64 2 = 2 1")
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "i64 5 = -1 0 1 2 -4")
    yield make(op, "second", "f64 2,2", "i64 2 = 0 0", "i64 2 = 1 1")
    yield make(op, "single", "f32 3", "i64 2 = 2 0")
    yield make(op, "integer", "i64 3", "i64 2 = 2 0")


def masked_select_cases():
    op = "masked_select"
    yield make(op, "usual", "f64 2,3", "bool 2,3 = 1 0 0 1 1 0")
    yield make(op, "broadcast", "f64 2,3", "bool 3 = 1 0 1")
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "bool 2,3 = 1 0 0 1 1 0")
    yield make(op, "empty", "f64 3", "bool 3 = 0 0 0")
    yield make(op, "empty", "f64 0", "bool 0")
    yield make(op, "strided", "f64 3,2 transpose", "bool 2,3 = 1 0 0 1 1 0")
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "bool 4 = 1 0 1 1")
    yield make(op, "second", "f64 3", "bool 3 = 1 0 1")
    yield make(op, "single", "f32 3", "bool 3 = 1 0 1")
    yield make(op, "integer", "i64 3", "bool 3 = 1 0 1")


def nonzero_cases():
    op = "nonzero"
    yield make(op, "usual", "f64 2,3 = 0 1 0 2 0 -3")
    yield make(op, "usual", "f64 ()")
    yield make(op, "broadcast", "f64 3 expand 2,3")
    yield make(op, "broadcast", "f64 2,1 expand 2,3")
    yield make(op, "empty", "f64 0,3")
    yield make(op, "strided", "f64 3,2 transpose")
    yield make(op, "edge", "f64 4 = nan 0.0 -0.0 inf")
    yield make(op, "integer", "i64 3 = 0 5 0")
    yield make(op, "integer", "bool 3 = 0 1 1")


def broadcast_cases():
    op = "broadcast"
    yield make(op, "usual", "f64 2,3", "f64 2,3")
    yield make(op, "broadcast", "f64 2,1", "f64 3")
    yield make(op, "broadcast", "f64 ()", "f64 2,1", "f64 1,2")
    yield make(op, "empty", "f64 0,1", "f64 3")
    yield make(op, "strided", "f64 3,2 transpose", "f64 3 reverse")
    yield make(op, "edge", "f64 2 = nan inf", "f64 1 = -inf")
    yield make(op, "second", "f64 2", "f64 ()")
    yield make(op, "single", "f32 2", "f32 ()")
    yield make(op, "integer", "i64 2", "i64 ()")


def set_cases(op):
    yield make(op, "usual", "f64 3,4", "f64 2,2", at="1:3,::2")
    yield make(op, "usual", "f64 4", "f64 4", at="::-1")
    yield make(op, "broadcast", "f64 3,4", "f64 ()", at="...,-1")
    yield make(op, "broadcast", "f64 2,3", "f64 3", at=":,:")
    yield make(op, "empty", "f64 3,2", "f64 0,2", at="1:1,:")
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,2 reverse", at=":,1:")
    yield make(op, "strided", "f64 2,5 step", "f64 3", at="-1,:")
    yield make(op, "edge", "f64 4 = nan inf -inf -0.0", "f64 2 = 1 nan", at="::2")
    yield make(op, "second", "f64 4", "f64 2", at="1:3")
    yield make(op, "single", "f32 4", "f32 2", at="1:3")
    yield make(op, "integer", "i64 4", "i64 2", at="1:3")


# ----------------------------------------------------------------------------------------------------------------------
# Contraction


def matmul_cases():
    op = "matmul"
    yield make(op, "usual", "f64 2,3", "f64 3,2")
    yield make(op, "usual", "f64 3", "f64 3")
    yield make(op, "usual", "f64 2,3", "f64 3")
    yield make(op, "usual", "f64 2", "f64 2,3")
    yield make(op, "broadcast", "f64 2,2,3", "f64 3,2")
    yield make(op, "broadcast", "f64 2,1,2,2", "f64 3,2,2")
    yield make(op, "broadcast", "f64 2", "f64 2,2,2")
    yield make(op, "empty", "f64 2,0", "f64 0,3")
    yield make(op, "empty", "f64 0,2", "f64 2,3")
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,3 transpose")
    yield make(op, "strided", "f64 2,5 step", "f64 3,2 reverse")
    yield make(op, "edge", "f64 2,2 = inf 1 0 2", "f64 2,2 = 1 2 3 nan")
    yield make(op, "edge", "f64 1,2 = 1e200 1e-200", "f64 2,1 = 1e100 1e100")
    yield make(op, "second", "f64 2,2", "f64 2,2")
    yield make(op, "single", "f32 2,3", "f32 3,2")


def product_cases(op):
    other = "f64 3" if op == "dot" else "f64 2"
    yield make(op, "usual", "f64 3", other)
    yield make(op, "usual", "f64 1", "f64 1")
    yield make(op, "broadcast", "f64 () expand 3", other)
    yield make(op, "broadcast", "f64 3", other.replace("3", "1 expand 3").replace("2", "1 expand 2"))
    yield make(op, "empty", "f64 0", "f64 0")
    yield make(op, "strided", "f64 5 step", other + " reverse")
    yield make(op, "strided", "f64 3 reverse", other)
    yield make(op, "edge", "f64 3 = inf 1 0", "f64 3 = 1 0 2")
    yield make(op, "second", "f64 3", other)
    yield make(op, "single", "f32 3", other.replace("64", "32"))


def einsum_cases():
    op = "einsum"
    yield make(op, "usual", "f64 2,3", "f64 3,2", spec="ij,jk->ik")
    yield make(op, "usual", "f64 3,3", spec="ii->i")
    yield make(op, "usual", "f64 2,2", spec="ii")
    yield make(op, "usual", "f64 2,3", spec="ij->ji")
    yield make(op, "usual", "f64 2,3", spec="ij->")
    yield make(op, "usual", "f64 2,3", "f64 3,2", spec="ij,jk")
    yield make(op, "usual", "f64 2", "f64 3", "f64 2", spec="i,j,i->j")
    yield make(op, "usual", "f64 2,2", "f64 2", spec="ii,i->i")
    yield make(op, "usual", "f64 2,3", "f64 2,3", spec="ij,ij->i")
    yield make(op, "usual", "f64 2,2,2", "f64 2,2", spec="iji,jk->k")
    yield make(op, "broadcast", "f64 2,2,3", "f64 3,2", spec="...ij,jk->...ik")
    yield make(op, "broadcast", "f64 2,1,2", "f64 3,2", spec="...i,...i->...")
    yield make(op, "broadcast", "f64 3 expand 2,3", "f64 2", spec="ij,i->j")
    yield make(op, "empty", "f64 2,0", "f64 0,3", spec="ij,jk->ik")
    yield make(op, "empty", "f64 0,2", "f64 2", spec="ij,j->i")
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,5 step", spec="ij,kj->ik")
    yield make(op, "strided", "f64 3,3 reverse", "f64 3", spec="ii,i->")
    yield make(op, "edge", "f64 2,2 = inf 1 0 2", "f64 2 = 1 nan", spec="ij,j->ij")
    yield make(op, "second", "f64 2,2", "f64 2,2", spec="ij,jk->ki")
    yield make(op, "second", "f64 2,2", "f64 2", spec="ii,i->")
    yield make(op, "single", "f32 2,3", "f32 3,2", spec="ij,jk->ik")


# ----------------------------------------------------------------------------------------------------------------------
# Learning, making


def cross_entropy_cases():
    op = "cross_entropy"
    yield make(op, "usual", "f64 2,3", "i64 2 = 2 0")
    yield make(op, "usual", "f64 3", "i64 () = 1")
    yield make(op, "usual", "f64 2,2,3", "i64 2,2 = 2 0 1 1")
    yield make(op, "broadcast", "f64 3 expand 2,3", "i64 2 = 2 0")
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "i64 2 = 2 0")
    yield make(op, "strided", "f64 3,2 transpose", "i64 2 = 1 1")
    yield make(op, "strided", "f64 2,5 step", "i64 2 = 0 1")
    yield make(op, "empty", "f64 0,3", "i64 0")
    yield make(op, "edge", "f64 3,3 = 1e4 -1e4 0 1e4 -1e4 0 0 0 0", "i64 3 = 0 1 2")
    yield make(op, "edge", "f64 2,3 = -inf 0 1 -inf -inf 2", "i64 2 = 1 2")
    yield make(op, "second", "f64 2,3", "i64 2 = 2 0")
    yield make(op, "single", "f32 2,3", "i64 2 = 2 0")
    op = "cross_entropy_with"
    yield make(op, "usual", "f64 3,3", "i64 3 = 2 -1 1", ignore=-1)
    yield make(op, "usual", "f64 2,3", "i64 2 = 2 0", smoothing=0.125)
    yield make(op, "usual", "f64 2,3,2", "i64 2,2 = 2 0 1 1", axis=1)
    yield make(op, "usual", "f64 3,3", "i64 3 = 2 -1 1", ignore=-1, smoothing=0.25, reduction="each")
    yield make(op, "broadcast", "f64 3 expand 2,3", "i64 2 = 2 0", reduction="sum")
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "f64 2,3 = 0.25 0.5 0.25 0.5 0 0.5", smoothing=0.125, reduction="each")
    yield make(op, "strided", "f64 2,3 transpose", "i64 3 = 1 1 0", smoothing=0.5, reduction="sum")
    yield make(op, "empty", "f64 2,3", "i64 2 = -1 -1", ignore=-1)
    yield make(op, "edge", "f64 3,3 = 1e4 -1e4 0 nan inf 0 0 0 0", "i64 3 = 1 -1 2", ignore=-1)
    yield make(op, "second", "f64 3,3", "i64 3 = 2 -1 1", ignore=-1, smoothing=0.125)
    yield make(op, "single", "f32 2,3", "i64 2 = 2 0", smoothing=0.125)
    op = "cross_entropy_soft"
    yield make(op, "usual", "f64 2,3", "f64 2,3 = 0.25 0.5 0.25 0 0 1")
    yield make(op, "broadcast", "f64 3 expand 2,3", "f64 2,3 = 0.25 0.5 0.25 0.5 0 0.5")
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "f64 2,3 = 0.25 0.5 0.25 0.5 0 0.5")
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,3 reverse")
    yield make(op, "empty", "f64 0,3", "f64 0,3")
    yield make(op, "edge", "f64 2,3 = 1e4 -1e4 0 0 0 1e4", "f64 2,3 = 0.25 0.5 0.25 0 0 1")
    yield make(op, "second", "f64 2,3", "f64 2,3 = 0.25 0.5 0.25 0.5 0 0.5")
    yield make(op, "single", "f32 2,3", "f32 2,3 = 0.25 0.5 0.25 0 0 1")


def sigmoid_cases(op):
    ways = [{}] * 3 if op == "sigmoid_cross_entropy" else [dict(reduction=way) for way in ("each", "sum", "mean")]
    yield make(op, "usual", "f64 2,3", "f64 2,3", **ways[0])
    yield make(op, "broadcast", "f64 2,3", "f64 3 expand 2,3", **ways[1])
    yield make(op, "broadcast", "f64 2,1 expand 2,3", "f64 2,3", **ways[2])
    yield make(op, "empty", "f64 0,3", "f64 0,3", **ways[1])
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,5 step", **ways[0])
    yield make(op, "edge", "f64 5 = 800 -800 30 -30 0", "f64 5 = 0 1 1 0 0.5", **ways[0])
    yield make(op, "second", "f64 3", "f64 3", **ways[1])
    yield make(op, "single", "f32 3", "f32 3", **ways[2])


def normalise_cases():
    op, p = "normalise", dict(eps=0.0009765625)
    yield make(op, "usual", "f64 2,3", "f64 2,3", "f64 2,3", **p)
    yield make(op, "broadcast", "f64 2,3", "f64 3", "f64 2,1", **p)
    yield make(op, "broadcast", "f64 2,3", "f64 ()", "f64 ()", **p)
    yield make(op, "empty", "f64 0,3", "f64 3", "f64 3", **p)
    yield make(op, "strided", "f64 3,2 transpose", "f64 2,3 reverse", "f64 2,5 step", **p)
    yield make(op, "edge", "f64 3 = 0 1e100 nan", "f64 3 = 0 0 1", "f64 3 = 0 1e100 1", **p)
    yield make(op, "second", "f64 3", "f64 3", "f64 3", **p)
    yield make(op, "single", "f32 3", "f32 3", "f32 3", **p)


def one_hot_cases():
    op = "one_hot"
    yield make(op, "usual", "i64 3 = 2 0 1", classes=3)
    yield make(op, "usual", "i64 2,2 = 2 0 1 1", classes=4)
    yield make(op, "broadcast", "i64 3 expand 2,3", classes=3)
    yield make(op, "broadcast", "i64 () = 1", classes=3)
    yield make(op, "empty", "i64 0", classes=3)
    yield make(op, "strided", "i64 3,2 transpose", classes=3)
    yield make(op, "edge", "i64 2 = 0 0", classes=1)


MAKING = {
    "zeros": [dict(shape=[2, 3], dtype="f64"), dict(shape=[], dtype="f32"), dict(shape=[0, 2], dtype="i64")],
    "ones": [dict(shape=[2, 3], dtype="f64"), dict(shape=[], dtype="f32"), dict(shape=[0, 2], dtype="bool")],
    "full": [dict(shape=[2, 3], value=1.5, dtype="f64"), dict(shape=[], value=-INF, dtype="f32"), dict(shape=[2], value=3, dtype="i64")],
    "arange": [dict(start=0.0, stop=1.0, step=0.25), dict(start=2.0, stop=-1.0, step=-1.5), dict(start=1.0, stop=1.0, step=1.0)],
    "iota": [dict(n=4), dict(n=0)],
    "linspace": [dict(a=0.0, b=1.0, n=5), dict(a=2.0, b=-2.0, n=2), dict(a=1.0, b=3.0, n=1), dict(a=0.0, b=1.0, n=0)],
    "eye": [dict(n=3, dtype="f64"), dict(n=0, dtype="f64"), dict(n=2, dtype="i64")],
}


def making_cases(op):
    for p in MAKING[op]:
        yield make(op, "usual" if 0 not in p.get("shape", [1]) and p.get("n") != 0 else "empty", **p)


# ----------------------------------------------------------------------------------------------------------------------
# Families


def all_of(make_cases, *names, **p):
    return {name: lambda name=name: make_cases(name, **p) for name in names}


def only(cases, name):
    return {name: lambda: (c for c in cases() if c.op == name)}


ROWS = [*FORMULAS]
FAMILIES = {
    "rows_of_one": all_of(row_cases, *rows.UNARY),
    "rows_of_several": all_of(row_cases, *[n for n in ROWS if n not in rows.UNARY]),
    "choice": {
        **all_of(comparison_cases, "lt", "le", "gt", "ge", "eq_to", "ne_to"), **all_of(logic_cases, "and", "or", "not"), "select": select_cases,
        **all_of(masked_cases, "masked_fill", "fill_where"), "cast": cast_cases, **only(map_cases, "map"), **only(map_cases, "map_many"), **only(map_cases, "guarded_sqrt"),
    },
    "structure": {
        **all_of(move_cases, *MOVES), **all_of(join_cases, "concat", "stack"), "take": take_cases, "take_along": take_along_cases, **all_of(scatter_cases, "scatter_add", "scatter", "scatter_set"), "index_by": index_by_cases, "masked_select": masked_select_cases, "nonzero": nonzero_cases, "broadcast": broadcast_cases,
        **all_of(set_cases, "set", "add_at"), "one_hot": one_hot_cases, **all_of(making_cases, *MAKING),
    },
    "reductions": {
        **all_of(reduction_cases, "sum", "mean", "prod", "max", "min", "var", "std", "norm", "log_sum_exp"), **all_of(reduction_cases, "var_with", "std_with", ddof=1),
        **all_of(truth_cases, "any", "all"), "count_nonzero": count_cases, **all_of(index_cases, "argmax", "argmin", "argsort", "argsort_descending"), **all_of(along_cases, "cumsum", "cumprod", "sort", "sort_descending"),
        **all_of(along_cases, "top_k", k=2),
    },
    "contraction": {"matmul": matmul_cases, **all_of(product_cases, "dot", "outer"), "einsum": einsum_cases},
    "learning": {
        **all_of(with_axes, "softmax", "log_softmax", "batch_statistics"), **all_of(with_axes, "layer_norm", "rms_norm", eps=0.0009765625),
        **only(cross_entropy_cases, "cross_entropy"), **only(cross_entropy_cases, "cross_entropy_with"), **only(cross_entropy_cases, "cross_entropy_soft"), **all_of(sigmoid_cases, "sigmoid_cross_entropy", "sigmoid_cross_entropy_with"), "normalise": normalise_cases,
    },
}  # fmt: skip


def cases_of(name, make_cases):
    if name in EDGES:
        yield settle(edges_of(name))
    for case in make_cases():
        yield settle(case)
