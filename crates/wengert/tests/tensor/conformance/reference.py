"""Every operation once more, from its textbook formula, on arrays of 50-digit numbers that carry two derivatives.

A `Number` is a value `v` with its derivative `t` along a direction, its gradient `g` and the derivative `gt` of that
gradient along the direction, so that one evaluation gives value, gradient and Hessian-vector product. Arrays are NumPy
arrays of such objects: what only moves elements is NumPy's own. The formulas of the scalar rows are those of
`tests/conformance/golden.py`.
"""

import importlib.util
import itertools
import math
from pathlib import Path

import numpy as np
from mpmath import mp, mpf

INF, NAN = math.inf, math.nan


def load_rows():
    path = Path(__file__).parents[2] / "conformance/golden.py"
    spec = importlib.util.spec_from_file_location("rows", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rows = load_rows()

# ----------------------------------------------------------------------------------------------------------------------
# Numbers


def product(a, b):
    """The product of two derivatives: an exact 0 annihilates an infinite or NaN factor (the strong zero)."""
    return mpf(0) if a == 0 or b == 0 else a * b


def added(a, b):
    return {i: a.get(i, 0) + b.get(i, 0) for i in a.keys() | b.keys()}


def scaled(f, a):
    return {i: product(f, x) for i, x in a.items()}


class Number:
    def __init__(self, v, t=mpf(0), g={}, gt={}):
        self.v, self.t, self.g, self.gt = v, t, g, gt

    def chain(self, f0, f1, f2):
        gt = added(scaled(f1, self.gt), scaled(product(f2, self.t), self.g))
        return Number(f0, product(f1, self.t), scaled(f1, self.g), gt)

    def lift(self, c):
        return c if isinstance(c, Number) else Number(mpf(c))

    def __add__(self, o):
        o = self.lift(o)
        return Number(self.v + o.v, self.t + o.t, added(self.g, o.g), added(self.gt, o.gt))

    def __neg__(self):
        return self.chain(-self.v, mpf(-1), mpf(0))

    def __sub__(self, o):
        return self + -self.lift(o)

    def __rsub__(self, o):
        return self.lift(o) - self

    def __mul__(self, o):
        o = self.lift(o)
        gt = added(scaled(self.v, o.gt), scaled(o.v, self.gt))
        gt = added(gt, added(scaled(self.t, o.g), scaled(o.t, self.g)))
        g = added(scaled(self.v, o.g), scaled(o.v, self.g))
        return Number(self.v * o.v, product(self.v, o.t) + product(self.t, o.v), g, gt)

    def inv(self):
        if self.v == 0:
            return self.chain(mpf(INF), -mpf(INF), mpf(INF))
        r = 1 / self.v
        return self.chain(r, -r * r, 2 * r**3)

    def __truediv__(self, o):
        return self * self.lift(o).inv()

    def __rtruediv__(self, o):
        return self.lift(o) * self.inv()

    ipow = rows.Jet.ipow
    __radd__, __rmul__ = __add__, __mul__


ZERO = Number(mpf(0))


def elementwise(f):
    def apply(*xs, **parameters):
        xs = [np.asarray(x, dtype=object) for x in xs]
        call = np.frompyfunc(lambda *a: f(*a, **parameters), len(xs), 1)
        return np.asarray(call(*xs), dtype=object)

    return apply


def total(xs):
    return sum(xs, ZERO)


def sparsity(x):
    """1/norm_pdf(norm_inv_cdf(x)), whose derivative is y d^2 and second derivative d^3 (1 + 2 y^2) with y = norm_inv_cdf(x)."""
    y = rows.quantile(Number(x.v)).v
    d = mp.sqrt(2 * mp.pi) * mp.exp(y * y / 2)
    return x.chain(d, y * d**2, d**3 * (1 + 2 * y**2))


# ----------------------------------------------------------------------------------------------------------------------
# Along axes


def axes_of(x, axes):
    if axes == "all":
        return list(range(x.ndim))
    return [a % x.ndim for a in ([axes] if isinstance(axes, int) else axes)]


def rows_of(x, axes):
    """The elements along the axes as the last axis, and the order of axes that did it."""
    axes = axes_of(x, axes)
    order = [a for a in range(x.ndim) if a not in axes] + axes
    kept = [x.shape[a] for a in order[: x.ndim - len(axes)]]
    return np.transpose(x, order).reshape(kept + [math.prod(x.shape[a] for a in axes)]), order


def reduction(f):
    """What makes one number of each list along the axes."""

    def apply(x, axes="all", keep=False, **parameters):
        lists, _ = rows_of(x, axes)
        y = np.empty(lists.shape[:-1], dtype=object)
        for i in np.ndindex(y.shape):
            y[i] = f(list(lists[i]), **parameters)
        shape = [1 if a in axes_of(x, axes) else n for a, n in enumerate(x.shape)]
        return y.reshape(shape) if keep else y

    return apply


def along(f):
    """What makes a list of numbers, as long as before, of each list along the axes."""

    def apply(x, axes, **parameters):
        lists, order = rows_of(x, axes)
        y = np.empty(lists.shape, dtype=object)
        for i in np.ndindex(lists.shape[:-1]):
            y[i] = np.array(f(list(lists[i]), **parameters) + [None], dtype=object)[:-1]
        return np.transpose(y.reshape([x.shape[a] for a in order]), np.argsort(order))

    return apply


def prod(xs):
    y = Number(mpf(1))
    for x in xs:
        y = y * x
    return y


def extreme(sign):
    """Ties share the derivative equally; NaN beside a number is ignored, as the rows `max_of` and `min_of` say."""

    def f(xs):
        numbers = [x for x in xs if not mp.isnan(x.v)]
        if not numbers:
            return Number(mpf(NAN)) if xs else Number(mpf(-sign * INF))
        best = max(sign * x.v for x in numbers) * sign
        ties = [x for x in numbers if x.v == best]
        share = mpf(1) / len(ties)
        tied = total([x.chain(mpf(0), share, mpf(0)) for x in ties])
        return Number(best, tied.t, tied.g, tied.gt)

    return f


def place(sign):
    """The first of the extremes; NaN is ignored beside a number."""

    def f(xs):
        return max(range(len(xs)), key=lambda i: -INF if mp.isnan(xs[i].v) else sign * xs[i].v)

    return f


def mean(xs):
    return total(xs) / len(xs) if xs else Number(mpf(NAN))


def var(xs, ddof=0):
    middle = mean(xs)
    deviations = [x - middle for x in xs]
    return total([d * d for d in deviations]) / (len(xs) - ddof)


def root(x):
    """The square root as an end of a formula that is 0 there by convention (std, norm): derivative 0 at 0."""
    return x.chain(mpf(0), mpf(0), mpf(0)) if x.v == 0 else rows.sqrt(x)


def norm(xs):
    if any(mp.isinf(x.v) for x in xs):  # the row: NaN for the infinite operand, 0 for the others
        infinite = total([x for x in xs if mp.isinf(x.v)])
        return infinite.chain(mpf(INF), mpf(NAN), mpf(NAN))
    return root(total([x * x for x in xs]))


def weights(xs):
    """e^(x - greatest), 1 where both are the same infinity: the shift is a constant, since it cancels."""
    greatest = max((x.v for x in xs), default=mpf(0))
    if any(mp.isnan(x.v) for x in xs):
        greatest = mpf(NAN)
    weight = lambda x: mpf(1) if x.v == greatest else mpf(0) if x.v == -INF else mp.exp(x.v - greatest)
    es = [weight(x) for x in xs]
    return greatest, [x.chain(e, e, e) for x, e in zip(xs, es)]


def log_sum_exp(xs):
    greatest, ws = weights(xs)
    if not xs:
        return Number(-mpf(INF))
    y = rows.ln(total(ws))
    return Number(greatest + y.v, y.t, y.g, y.gt)


def softmax(xs):
    _, ws = weights(xs)
    return [w / total(ws) for w in ws]


def log_softmax(xs):
    greatest, ws = weights(xs)
    if not xs:
        return []
    y = rows.ln(total(ws))
    shifted = [Number(mpf(0) if x.v == greatest else x.v - greatest, x.t, x.g, x.gt) for x in xs]
    return [x - y for x in shifted]


def running(f):
    return lambda xs: list(itertools.accumulate(xs, f))


def order(xs, descending=False):
    """Stable; NaN last."""
    key = lambda i: (mp.isnan(xs[i].v), mpf(0) if mp.isnan(xs[i].v) else -xs[i].v if descending else xs[i].v)
    return sorted(range(len(xs)), key=key)


def by_order(descending):
    return along(lambda xs: [xs[i] for i in order(xs, descending)])


def top_k(x, k, axis):
    places = along(lambda xs: order(xs, True))(x, axis)
    places = np.take(places, range(k), axis)
    return [np.take_along_axis(x, places.astype(int), axis), places]


# ----------------------------------------------------------------------------------------------------------------------
# Contraction


def labels_of(term, rank, batch):
    """A label per axis; the axes of an ellipsis have the labels -1, -2, .. from its end."""
    if "..." not in term:
        return list(term)
    before, behind = term.split("...")
    hidden = rank - len(before) - len(behind) if rank is not None else batch
    return list(before) + list(range(-hidden, 0)) + list(behind)


def einsum(*xs, spec):
    spec = spec.replace(" ", "")
    inputs = spec.split("->")[0].split(",")
    terms = [labels_of(term, x.ndim, None) for term, x in zip(inputs, xs)]
    batch = max([-l for term in terms for l in term if isinstance(l, int)], default=0)
    every = [l for term in terms for l in term]
    if "->" in spec:
        output = labels_of(spec.split("->")[1], None, batch)
    else:
        output = list(range(-batch, 0)) + sorted({l for l in every if isinstance(l, str) and every.count(l) == 1})
    sizes = {}
    for term, x in zip(terms, xs):
        for label, size in zip(term, x.shape):
            sizes[label] = max(size, sizes.get(label, 1)) if size != 0 else 0
    summed = sorted(set(every) - set(output), key=str)
    y = np.empty([sizes[l] for l in output], dtype=object)
    for i in np.ndindex(y.shape):
        y[i] = ZERO
        for j in np.ndindex(*[sizes[l] for l in summed]):
            at = dict(zip(output + summed, i + j))
            place = lambda term, x: tuple(at[l] if n > 1 else 0 for l, n in zip(term, x.shape))
            y[i] = y[i] + prod([x[place(term, x)] for term, x in zip(terms, xs)])
    return y


def matmul(a, b):
    left, right = "i" if a.ndim > 1 else "", "k" if b.ndim > 1 else ""
    return einsum(a, b, spec=f"...{left}j,...j{right}->...{left}{right}")


# ----------------------------------------------------------------------------------------------------------------------
# Moving elements


def with_places(x, change):
    y = np.array(x, dtype=object, copy=True)
    change(y)
    return y


def scatter_add(x, indices, values, axis):
    def change(y):
        for k, i in enumerate(indices):
            at = [slice(None)] * x.ndim
            at[axis], where = int(i), list(at)
            where[axis] = k
            y[tuple(at)] = y[tuple(at)] + values[tuple(where)]

    return with_places(x, change)


def scatter(x, indices, values, axis):
    """Of equal places the last one counts."""

    def change(y):
        for k, i in enumerate(indices):
            np.moveaxis(y, axis, 0)[int(i)] = np.moveaxis(values, axis, 0)[k]

    return with_places(x, change)


def set_slice(x, b, at):
    return with_places(x, lambda y: y.__setitem__(slices(at), b))


def add_slice(x, b, at):
    def change(y):
        y[slices(at)] = y[slices(at)] + b

    return with_places(x, change)


def slices(text):
    """`1:3,...,-1,::2` as NumPy takes it."""
    part = lambda p: ... if p == "..." else int(p) if ":" not in p else slice(*[int(s) if s else None for s in p.split(":")])
    return tuple(part(p) for p in text.split(","))


def fold(x, size, step, axis, length, dilation=1):
    """The transpose of `window`."""
    x = np.moveaxis(np.moveaxis(x, -1, 0), axis if axis < 0 else axis + 1, 1)  # inside of a window, windows, the others
    y = np.full((length,) + x.shape[2:], ZERO, dtype=object)
    for w in range(x.shape[1]):
        for k in range(size):
            at = w * step + k * dilation
            y[at] = y[at] + x[k, w]
    return np.moveaxis(y, 0, axis)


def window(x, size, step, axis, dilation=1):
    """As many windows as fit along the axis; what is inside of a window is a new last axis."""
    reach = (size - 1) * dilation + 1
    starts = range(0, x.shape[axis] - reach + 1, step)
    parts = [np.moveaxis(np.take(x, range(s, s + reach, dilation), axis), axis, -1) for s in starts]
    return np.stack(parts, axis % x.ndim)


# ----------------------------------------------------------------------------------------------------------------------
# Learning


def reduced(losses, reduction, count):
    """The mean of `count` losses by default; 0 of none."""
    if reduction == "each":
        return losses
    everything = total(list(losses.ravel()))
    return np.asarray(everything / max(count, 1) if reduction == "mean" else everything, dtype=object)


def cross_entropy(logits, labels, smoothing=0.0, ignore=None, axis=-1, reduction="mean"):
    """`labels` are indices, or probabilities of the logits' shape."""
    soft = labels.shape == logits.shape
    logs = np.moveaxis(along(log_softmax)(logits, axis), axis, -1)
    classes = logs.shape[-1]
    targets = np.moveaxis(labels, axis, -1) if soft else labels
    losses, count = np.full(logs.shape[:-1], ZERO, dtype=object), 0
    for i in np.ndindex(losses.shape):
        if not soft and targets[i] == ignore:
            continue
        target = list(targets[i]) if soft else [Number(mpf(int(c == targets[i]))) for c in range(classes)]
        target = [t * (1 - mpf(smoothing)) + mpf(smoothing) / classes for t in target]
        losses[i] = -total([t * l for t, l in zip(target, logs[i]) if t.v != 0 or t.g])
        count += 1
    return reduced(losses, reduction, count)


def sigmoid_cross_entropy(x, t, reduction="mean"):
    """-t ln sigmoid(x) - (1 - t) ln sigmoid(-x)."""
    losses = elementwise(lambda x, t: -(t * -rows.softplus(-x)) - (1 - t) * -rows.softplus(x))(x, t)
    return reduced(losses, reduction, losses.size)


def normalise(x, mean, var, eps):
    return elementwise(lambda x, m, v: (x - m) / rows.sqrt(v + mpf(eps)))(x, mean, var)


def layer_norm(x, axes, eps):
    def f(xs):
        middle, spread = mean(xs), var(xs)
        return [(x - middle) / rows.sqrt(spread + mpf(eps)) for x in xs]

    return along(f)(x, axes)


def rms_norm(x, axes, eps):
    f = lambda xs: [x / rows.sqrt(mean([x * x for x in xs]) + mpf(eps)) for x in xs]
    return along(f)(x, axes)


def one_hot(x, classes):
    return np.array([[Number(mpf(int(c == i))) for c in range(classes)] for i in x.reshape(-1)], dtype=object).reshape(
        x.shape + (classes,)
    )
