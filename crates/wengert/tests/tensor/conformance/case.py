"""A case: drawn from short decimals, evaluated with so many digits that two precisions agree."""

import math
import random
import sys
import zlib
from dataclasses import dataclass, field

import numpy as np
from mpmath import mp, mpf

import reference as r
from operations import COUNTING, INDICES, LINEAR, OPERATIONS, REAL, dtypes
from reference import Number


@dataclass
class Input:
    dtype: str
    shape: list
    view: tuple
    numbers: list


@dataclass
class Case:
    op: str
    kind: str
    inputs: list
    parameters: dict
    square: bool = False
    ybar: list = field(default_factory=list)
    v: list = field(default_factory=list)
    y: list = field(default_factory=list)
    xbar: list = field(default_factory=list)
    hv: list = field(default_factory=list)
    unknown: set = field(default_factory=set)  # places of the gradient that nobody promises


def sizes(text):
    return [int(n) for n in text.split(",")] if text not in ("", "()") else []


def single(x):
    return float(np.float32(x))


DOMAINS = {
    "sqrt": [(0.1, 4)], "ln": [(0.1, 4)], "log2": [(0.1, 4)], "log10": [(0.1, 4)], "ln_1p": [(-0.8, 3)], "powf": [(0.1, 3)],
    "asin": [(-0.9, 0.9)], "acos": [(-0.9, 0.9)], "atanh": [(-0.9, 0.9)], "acosh": [(1.1, 4)], "tan": [(-1.4, 1.4)],
    "gamma": [(0.2, 4)], "ln_gamma": [(0.2, 4)], "digamma": [(0.2, 4)], "polygamma": [(0.2, 4)],
    "norm_inv_cdf": [(0.05, 0.95)], "norm_sparsity": [(0.05, 0.95)], "hard_sigmoid": [(-4, 4)],
    "pow": [(0.2, 3), (-2, 3)], "log": [(0.2, 4), (1.5, 5)], "xlogy": [(-2, 3), (0.2, 4)], "rem": [(-6, 6), (1.1, 3)],
    "clamp": [(-3, 3), (-1.5, -0.5), (0.5, 1.5)], "guarded_sqrt": [(-3, 3)], "prod": [(0.3, 2)], "cumprod": [(0.3, 2)],
    "log_sum_exp": [(-2, 2)], "softmax": [(-2, 2)], "log_softmax": [(-2, 2)], "cross_entropy_soft": [(-2, 2), (0, 1)],
    "sigmoid_cross_entropy": [(-3, 3), (0, 1)], "sigmoid_cross_entropy_with": [(-3, 3), (0, 1)], "normalise": [(-3, 3), (-3, 3), (0.2, 3)], "argmax": [(-9, 9)], "sort": [(-9, 9)], "one_hot": [(0, 2)],
}  # fmt: skip


def domain(op, place):
    ranges = DOMAINS.get(op, [(-3, 3)])
    return ranges[min(place, len(ranges) - 1)]


class Draw:
    """Short decimals, the same for the same case whatever else is generated."""

    def __init__(self, *seed):
        self.random = random.Random(zlib.crc32(repr(seed).encode()))

    def within(self, lo, hi):
        while True:
            x = round(self.random.uniform(lo, hi), 2)
            if lo < x < hi and x not in (0.0, round(x)):
                return x

    def numbers(self, dtype, n, lo, hi):
        if dtype == "bool":
            return [self.random.random() < 0.5 for _ in range(n)]
        if dtype == "i64":
            return [self.random.randint(math.ceil(lo), math.floor(hi)) for _ in range(n)]
        xs = []
        while len(xs) < n:
            x = self.within(lo, hi)
            if x not in xs or n > 50 * (hi - lo):
                xs.append(x)
        return [single(x) for x in xs] if dtype == "f32" else xs


def parse(op, place, spec, draw):
    """`f64 2,3 transpose`, `f64 3 expand 2,3`, `i64 2 below 4`, `f64 3 = 0 inf nan`."""
    words = spec.split()
    dtype, shape, rest = words[0], sizes(words[1]), words[2:]
    view, values, (lo, hi) = None, None, domain(op, place)
    if rest and rest[0] == "=":
        values = [{"f64": float, "f32": lambda t: single(float(t)), "i64": int, "bool": lambda t: t == "1"}[dtype](t) for t in rest[1:]]
    elif rest and rest[0] == "below":
        lo, hi = 0, int(rest[1]) - 1
    elif rest and rest[0] == "expand":
        view = ("expand", sizes(rest[1]))
    elif rest:
        view = (rest[0],)
    n = math.prod(shape)
    numbers = values if values is not None else draw.numbers(dtype, n, lo, hi)
    assert len(numbers) == n, (op, spec)
    return Input(dtype, shape, view, numbers)


def make(op, kind, *specs, second=None, **parameters):
    draw = Draw(op, kind, specs, sorted(parameters.items(), key=str))
    inputs = [parse(op, k, spec, draw) for k, spec in enumerate(specs)]
    case = Case(op, kind, inputs, parameters)
    case.square = kind == "second" and op in LINEAR
    ys = evaluated(case, 60, lambda ys: ys)
    for y, dtype in zip(ys, dtypes(case)):
        n = math.prod(np.shape(y))
        real = dtype in REAL and any(i.dtype in REAL for i in inputs)
        case.ybar.append(np.array(draw.numbers(dtype, n, -2, 2)).reshape(np.shape(y)) if real else None)
    if kind == "second" if second is None else second:
        case.v = [draw.numbers(i.dtype, math.prod(i.shape), -2, 2) for i in inputs if i.dtype in REAL]
    return case


# ----------------------------------------------------------------------------------------------------------------------
# Evaluation


def given(case):
    """The inputs as arrays of numbers that carry derivatives (plain integers where they are indices or masks)."""
    active = 0
    for k, i in enumerate(case.inputs):
        if i.dtype in REAL:
            v = case.v[active] if case.v else [0] * len(i.numbers)
            xs = [Number(mpf(x), mpf(t), {(active, j): mpf(1)}) for j, (x, t) in enumerate(zip(i.numbers, v))]
            active += 1
        elif (i.dtype == "i64" and (case.op, k) not in INDICES) or case.op in COUNTING:
            xs = [Number(mpf(int(x))) for x in i.numbers]
        else:
            xs = i.numbers
        kind = object if isinstance(xs[0] if xs else None, Number) or i.dtype in REAL else {"i64": int, "bool": bool}[i.dtype]
        base = np.array(xs + [None], dtype=object)[:-1].astype(kind).reshape(i.shape)
        yield seen(base, i.view)


def seen(x, view):
    if view is None:
        return x
    if view[0] == "expand":
        return np.broadcast_to(x, view[1])
    return {"transpose": lambda: np.swapaxes(x, -1, -2), "step": lambda: x[..., ::2], "reverse": lambda: x[::-1]}[view[0]]()


def evaluated(case, digits, then):
    mp.dps = digits
    ys = OPERATIONS[case.op](*given(case), **case.parameters)
    return then([np.asarray(y) for y in (ys if isinstance(ys, (list, tuple)) else [ys])])


def lifted(y):
    return y if isinstance(y, Number) else Number(mpf(y))


def answers(case, ys):
    """Values, gradients and Hessian-vector products, as flat lists."""
    pairs = [(lifted(o), mpf(float(w))) for y, w in zip(ys, case.ybar) if w is not None for o, w in zip(y.ravel(), w.ravel())]
    loss = r.total([o * w for o, w in pairs])
    second = r.total([o * o * w for o, w in pairs]) if case.square else loss
    reals = [i for i in case.inputs if i.dtype in REAL]
    by_input = lambda g: [[g.get((k, j), mpf(0)) for j in range(len(i.numbers))] for k, i in enumerate(reals)]
    wanted = any(w is not None for w in case.ybar)
    values = [[o.v if isinstance(o, Number) else mpf(int(o)) for o in y.ravel()] for y in ys]
    return values, by_input(loss.g) if wanted else [], by_input(second.gt) if case.v else []


def agree(a, b):
    if mp.isnan(a) or mp.isnan(b):
        return mp.isnan(a) and mp.isnan(b)
    return a == b or abs(a - b) <= abs(b) * mpf(10) ** -25 or max(abs(a), abs(b)) < mpf(10) ** -400


def settle(case):
    """Fills in the answers: the precision is doubled until two of them agree."""
    before, digits = None, 350 if case.kind == "edge" else 60  # between 1 and 1e-300 are 300 digits
    flat = lambda a: [x for group in a for xs in group for x in xs]
    while digits < 9000:
        now = evaluated(case, digits, lambda ys: (answers(case, ys), [list(np.shape(y)) for y in ys]))
        if before and all(map(agree, flat(before[0]), flat(now[0]))):
            break
        before, digits = now, 2 * digits
    else:
        sys.exit(f"no agreement: {case}")
    (values, case.xbar, case.hv), shapes = now
    case.y = list(zip(dtypes(case), shapes, values))
    for k, j in case.unknown:
        case.xbar[k][j] = None
    return case
