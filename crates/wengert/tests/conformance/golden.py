"""Writes `golden/*.csv`: value, gradient and Hessian of every row of the table, from textbook formulas and mpmath.

Run it in this folder: `python3 golden.py [ROW ..]` (mpmath 1.3; without names all rows, which takes some minutes).
`python3 golden.py --verify` compares the derivatives of the formulas with numerical ones of mpmath (`mp.diff`).

The functions are written the plain way (1/cosh, 1 - tanh^2, ..) on truncated Taylor series of second order, with so many
digits that cancellation does not matter: the precision is doubled until two results agree to 25 digits. Nothing here is
shared with the rules but the table's column `on`, from which the points are made.

A line is `row,parameter,operands,value,gradient,hessian`; lists are separated by blanks, the Hessian is its upper
triangle by rows; a number `1.5~-0.21` is the nearest f64 and what the true value differs from it, in its ulps.
"""

import itertools
import math
import random
import re
import sys
from pathlib import Path

from mpmath import mp, mpf

HERE = Path(__file__).parent
TABLE = HERE.parent.parent / "src/rules/table.rs"


# ----------------------------------------------------------------------------------------------------------------------
# Numbers: value, gradient, Hessian


class Jet:
    def __init__(self, v, g, h):
        self.v, self.g, self.h = v, g, h

    def chain(self, f0, f1, f2):
        n = range(len(self.g))
        g = [f1 * self.g[i] for i in n]
        h = [[f2 * self.g[i] * self.g[j] + f1 * self.h[i][j] for j in n] for i in n]
        return Jet(f0, g, h)

    def lift(self, c):
        n = len(self.g)
        return c if isinstance(c, Jet) else Jet(mpf(c), [mpf(0)] * n, [[mpf(0)] * n for _ in range(n)])

    def __add__(self, o):
        o, n = self.lift(o), range(len(self.g))
        g = [self.g[i] + o.g[i] for i in n]
        return Jet(self.v + o.v, g, [[self.h[i][j] + o.h[i][j] for j in n] for i in n])

    def __neg__(self):
        return self.chain(-self.v, mpf(-1), mpf(0))

    def __sub__(self, o):
        return self + -self.lift(o)

    def __rsub__(self, o):
        return self.lift(o) - self

    def __mul__(self, o):
        o, n = self.lift(o), range(len(self.g))
        g = [self.v * o.g[i] + o.v * self.g[i] for i in n]
        h = [[self.v * o.h[i][j] + o.v * self.h[i][j] + self.g[i] * o.g[j] + self.g[j] * o.g[i] for j in n] for i in n]
        return Jet(self.v * o.v, g, h)

    def inv(self):
        r = 1 / self.v
        return self.chain(r, -r * r, 2 * r**3)

    def __truediv__(self, o):
        return self * self.lift(o).inv()

    def __rtruediv__(self, o):
        return self.lift(o) * self.inv()

    def ipow(self, n):
        x = self.v
        return self.chain(x**n, n * x ** (n - 1) if n else mpf(0), n * (n - 1) * x ** (n - 2) if n * (n - 1) else mpf(0))

    __radd__, __rmul__ = __add__, __mul__


def exp(x):
    e = mp.exp(x.v)
    return x.chain(e, e, e)


def ln(x):
    return x.chain(mp.log(x.v), 1 / x.v, -1 / x.v**2)


def power(x, c):
    y = mp.power(x.v, c)
    return x.chain(y, c * y / x.v, c * (c - 1) * y / x.v**2)


def sqrt(x):
    return power(x, mpf(1) / 2)


def sin(x):
    s, c = mp.sin(x.v), mp.cos(x.v)
    return x.chain(s, c, -s)


def cos(x):
    s, c = mp.sin(x.v), mp.cos(x.v)
    return x.chain(c, -s, -c)


def atan(x):
    q = 1 + x.v**2
    return x.chain(mp.atan(x.v), 1 / q, -2 * x.v / q**2)


def asin(x):
    q = 1 - x.v**2
    return x.chain(mp.asin(x.v), 1 / mp.sqrt(q), x.v / q / mp.sqrt(q))


def gauss(x):
    return exp(-(x * x))


def erfc(x):
    d = -2 / mp.sqrt(mp.pi) * mp.exp(-(x.v**2))
    return x.chain(mp.erfc(x.v), d, -2 * x.v * d)


def erf(x):
    d = 2 / mp.sqrt(mp.pi) * mp.exp(-(x.v**2))
    return x.chain(mp.erf(x.v), d, -2 * x.v * d)


def pdf(x):
    return exp(x * x * mpf(-0.5)) * (1 / mp.sqrt(2 * mp.pi))


def cdf(x):
    return erfc(-x * (1 / mp.sqrt(mpf(2)))) * mpf(0.5)


def quantile(x):
    """Newton's method on ln Phi (left half, by symmetry), which is concave and so converges from the left."""
    p = x.v if x.v <= 0.5 else 1 - x.v
    if p == mpf(0.5):
        y = mpf(0)
    else:
        digits, y = mp.dps, -mp.sqrt(-2 * mp.log(p))
        goal = mp.log(p)
        for _ in range(60 + digits):
            c = mp.erfc(-y / mp.sqrt(2)) / 2
            step = (mp.log(c) - goal) * c * mp.sqrt(2 * mp.pi) * mp.exp(y * y / 2)
            y -= step
            if abs(step) < abs(y) * mpf(10) ** (-digits // 2 - 5):
                break
    y = y if x.v <= 0.5 else -y
    d = mp.sqrt(2 * mp.pi) * mp.exp(y * y / 2)
    return x.chain(y, d, y * d * d)


def sparsity(x):
    y = quantile(x)
    d = y.g[0]  # and then y'' = y d^2, and once more
    return x.chain(d, y.v * d**2, d**3 + 2 * y.v**2 * d**3)


def psi(n, v):
    """The polygamma function; mpmath's own for v > 0, reflection with an independent derivative of the cotangent below."""
    if v > 0:
        return hurwitz(n, v)
    cot = mp.taylor(lambda t: mp.cot(mp.pi * t), v, n)[n] * mp.factorial(n) if n else mp.cot(mp.pi * v)
    return (-1) ** n * hurwitz(n, 1 - v) - mp.pi * cot


def hurwitz(n, v):
    if v < 1e8:
        return mp.psi(n, v)
    total = mp.log(v) if n == 0 else (-1) ** (n + 1) * mp.factorial(n - 1) / v**n
    total += (-1) ** (n + 1) * mp.factorial(n) / (2 * v ** (n + 1))
    for k in range(1, 12):
        total += (-1) ** (n + 1) * mp.bernoulli(2 * k) * mp.factorial(2 * k + n - 1) / mp.factorial(2 * k) / v ** (2 * k + n)
    return total


def polygamma(x, n):
    return x.chain(psi(n, x.v), psi(n + 1, x.v), psi(n + 2, x.v))


def gamma(x):
    g, p0, p1 = mp.gamma(x.v), psi(0, x.v), psi(1, x.v)
    return x.chain(g, g * p0, g * (p0**2 + p1))


def ln_gamma(x):
    # 1e300: mpmath's gamma would need as many digits
    v = mp.loggamma(x.v).real if x.v > 1 else mp.log(abs(mp.gamma(x.v)))
    return x.chain(v, psi(0, x.v), psi(1, x.v))


def sinc_deriv(x, n):
    if x.v == 0:
        s = lambda m: mp.cos(m * mp.pi / 2).real / (m + 1) * mp.pi**m if m % 2 == 0 else mpf(0)
        return x.chain(s(n), s(n + 1), s(n + 2))
    u = x * mp.pi
    s = sin(u) / u
    for k in range(1, n + 1):
        trig = [sin, cos, lambda t: -sin(t), lambda t: -cos(t)][k % 4](u)
        s = (trig - s * k) / u
    return s * mp.pi**n


def mills(x, n):
    before, now = x.lift(1), cdf(x) / pdf(x)
    if n == 0:
        return before
    for k in range(1, n):
        before, now = now, (x * now + before) / k
    return now


def sinh(x):
    return (exp(x) - exp(-x)) * mpf(0.5)


def cosh(x):
    return (exp(x) + exp(-x)) * mpf(0.5)


def tanh(x):
    return sinh(x) / cosh(x)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softplus(x):
    return ln(1 + exp(x))


def gelu_argument(x):
    return (x + x * x * x * mpf("0.044715")) * (2 * mp.sqrt(2 / mp.pi))


SELU = (mpf("1.050700987355480493419334985294606351959"), mpf("1.673263242354377284817042991671652038461"))


def constant(f):
    return lambda x: x.lift(f(x.v))


def arg(y, x):
    d = atan(y / x) if abs(x.v) > abs(y.v) else -atan(x / y) + (mp.pi / 2 if y.v > 0 else -mp.pi / 2)
    return d + (mp.pi if y.v >= 0 else -mp.pi) if abs(x.v) > abs(y.v) and x.v < 0 else d


def hypot(a, b):
    return sqrt(a * a + b * b)


def total(xs):
    return sum(xs[1:], xs[0])


def product(xs):
    y = xs[0]
    for x in xs[1:]:
        y = y * x
    return y


def softmax(xs, i):
    return exp(xs[i]) / total([exp(x) for x in xs])


def extreme(sign):
    return lambda xs: max(xs, key=lambda x: sign * x.v)


def nearest(v):
    return mp.sign(v) * mp.floor(abs(v) + mpf(0.5))


def trunc(v):
    return mp.sign(v) * mp.floor(abs(v))


# ----------------------------------------------------------------------------------------------------------------------
# The rows: function, and parameters where there are any

UNARY = {
    "neg": lambda x: -x,
    "recip": lambda x: 1 / x,
    "abs": lambda x: x if x.v > 0 else -x,
    "signum": constant(mp.sign),
    "sqrt": sqrt,
    "cbrt": lambda x: power(x, mpf(1) / 3) if x.v > 0 else -power(-x, mpf(1) / 3),
    "square": lambda x: x * x,
    "powi": lambda x, n: x.ipow(n),
    "powf": lambda x, c: power(x, mpf(c)),
    "exp": exp,
    "exp2": lambda x: exp(x * mp.log(2)),
    "exp_m1": lambda x: exp(x) - 1,
    "ln": ln,
    "log2": lambda x: ln(x) / mp.log(2),
    "log10": lambda x: ln(x) / mp.log(10),
    "ln_1p": lambda x: ln(1 + x),
    "sin": sin,
    "cos": cos,
    "tan": lambda x: sin(x) / cos(x),
    "asin": asin,
    "acos": lambda x: mp.pi / 2 - asin(x),
    "atan": atan,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "asinh": lambda x: ln(x + sqrt(1 + x * x)) if x.v > 0 else -ln(-x + sqrt(1 + x * x)),
    "acosh": lambda x: ln(x + sqrt(x * x - 1)),
    "atanh": lambda x: ln((1 + x) / (1 - x)) * mpf(0.5),
    "sin_pi": lambda x: sin(x * mp.pi),
    "cos_pi": lambda x: cos(x * mp.pi),
    "sinc": lambda x: sinc_deriv(x, 0),
    "sinc_deriv": sinc_deriv,
    "to_degrees": lambda x: x * (180 / mp.pi),
    "to_radians": lambda x: x * (mp.pi / 180),
    "floor": constant(mp.floor),
    "ceil": constant(mp.ceil),
    "round": constant(nearest),
    "trunc": constant(trunc),
    "fract": lambda x: x - trunc(x.v),
    "stop_gradient": constant(lambda v: v),
    "sigmoid": sigmoid,
    "ln_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "relu": lambda x: x if x.v > 0 else x.lift(0),
    "leaky_relu": lambda x, a: x if x.v > 0 else x * a,
    "elu": lambda x, a: x if x.v > 0 else (exp(x) - 1) * a,
    "selu": lambda x: x * SELU[0] if x.v > 0 else (exp(x) - 1) * (SELU[0] * SELU[1]),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * cdf(x),
    "gelu_tanh": lambda x: x * sigmoid(gelu_argument(x)),
    "gelu_gate": lambda x: sigmoid(gelu_argument(x)),
    "gelu_bell": lambda x: sigmoid(gelu_argument(x)) * sigmoid(-gelu_argument(x)),
    "softsign": lambda x: x / (1 + x) if x.v > 0 else x / (1 - x),
    "mish": lambda x: x * tanh(softplus(x)),
    "mish_gate": lambda x: tanh(softplus(x)),
    "hard_sigmoid": lambda x: x.lift(0) if x.v < -3 else x.lift(1) if x.v > 3 else (x + 3) / 6,
    "hard_tanh": lambda x: x.lift(-1) if x.v < -1 else x.lift(1) if x.v > 1 else x,
    "sech": lambda x: 1 / cosh(x),
    "erf": erf,
    "erfc": erfc,
    "gauss": gauss,
    "gamma": gamma,
    "ln_gamma": ln_gamma,
    "digamma": lambda x: polygamma(x, 0),
    "polygamma": polygamma,
    "norm_cdf": cdf,
    "norm_ln_cdf": lambda x: ln(cdf(x)),
    "norm_inv_cdf": quantile,
    "norm_sparsity": sparsity,
    "norm_pdf": pdf,
    "mills": mills,
}

BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "rem": lambda a, b: a - b * trunc(a.v / b.v),
    "strong_mul": lambda a, b: a * b,
    "pow": lambda a, b: exp(b * ln(a)),
    "atan2": arg,
    "hypot": hypot,
    "direction": lambda a, b: a / hypot(a, b),
    "max": lambda a, b: a if a.v > b.v else b,
    "min": lambda a, b: a if a.v < b.v else b,
    "copysign": lambda a, b: a if (a.v > 0) == (b.v > 0) else -a,
    "log": lambda x, base: ln(x) / ln(base),
    "xlogy": lambda x, v: x * ln(v),
    "exp_sub": lambda a, b: exp(a - b),
    "ln_add_exp": lambda a, b: ln(exp(a) + exp(b)),
}

TERNARY = {
    "mul_add": lambda a, b, c: a * b + c,
    "clamp": lambda x, lo, hi: lo if x.v < lo.v else hi if x.v > hi.v else x,
}

NARY = {
    "sum": total,
    "prod": product,
    "max_of": extreme(1),
    "min_of": extreme(-1),
    "dot": lambda xs: total([a * b for a, b in zip(xs[::2], xs[1::2])]),
    "strong_dot": lambda xs: total([a * b for a, b in zip(xs[::2], xs[1::2])]),
    "norm": lambda xs: sqrt(total([x * x for x in xs])),
    "log_sum_exp": lambda xs: ln(total([exp(x) for x in xs])),
    "softmax": softmax,
}

PARAMETERS = {
    "powi": [-3, -2, -1, 0, 1, 2, 3, 4, 5, 10],
    "powf": [-2.5, -1.0, -0.5, 0.1, 0.5, 0.75, 1.0, 1.5, 2.0, 7.3],
    "sinc_deriv": [0, 1, 2, 3, 7],
    "leaky_relu": [0.01, -0.5, 0.0],
    "elu": [1.0, 0.3],
    "polygamma": [0, 1, 2, 3, 6],
    "mills": [0, 1, 2, 3, 6],
    "softmax": [0, 1],
}

# ----------------------------------------------------------------------------------------------------------------------
# The points

MAGNITUDES = [1e-300, 1e-160, 1e-100, 1e-30, 1e-16, 1e-10, 1e-8, 1e-5, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5,
              0.6, 0.7, 0.8, 0.9, 0.99, 1.0, 1.01, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.5, 10.0,
              12.5, 15.0, 20.0, 30.0, 37.5, 50.0, 100.0, 300.5, 700.0, 1e3, 1e4, 1e6, 1e10, 1e16, 1e30, 1e100, 1e200]  # fmt: skip

ULP = 2.0**-53
EXTRA = {
    "ln": [1 + 4 * ULP, 1 - ULP, 1.0001, 0.9999],
    "log2": [1 + 4 * ULP, 1 - ULP, 1.0001],
    "log10": [1 + 4 * ULP, 1 - ULP, 1.0001],
    "ln_1p": [-1 + ULP, -0.9999999],
    "asin": [1 - ULP, ULP - 1, 0.999999, -0.999999],
    "acos": [1 - ULP, ULP - 1, 0.999999, -0.999999],
    "atanh": [1 - ULP, ULP - 1, 0.999999, -0.999999],
    "acosh": [1 + 4 * ULP, 1 + 1e-10, 1.0001, 1.9999, 2.0001],
    "sin_pi": [0.0, 2.0**53 - 1, 123456.75],
    "cos_pi": [0.0, 2.0**53 - 1, 123456.75],
    "sinc": [0.0, 1.0 / 3, 0.31830988618379064, 0.9999999, 1000.25],
    "sinc_deriv": [0.0, 1.0 / 3, 0.3183, 0.3184, 0.6366, 0.6367, 0.9549, 0.955, 2.2281, 2.2282, 1000.25],
    "sigmoid": [0.0, 38.0, -38.0, 36.7, 709.5, -709.5],
    "ln_sigmoid": [0.0, 38.0, -800.0, 36.7, 709.5],
    "softplus": [0.0, 800.0, 21.0, -36.7, -709.5],
    "tanh": [0.0, 15.0, 20.0, 0.55, 19.06, 22.0, 354.0, 373.0],
    "sech": [0.0, 20.0, 354.0, 710.0, 744.0],
    "sin": [0.0, 1.5707963267948966, 3.141592653589793, 1e22],
    "cos": [0.0, 1.5707963267948966, 3.141592653589793, 1e22],
    "tan": [0.0, 1.5707963267948966, 3.141592653589793, 1e22],
    "silu": [0.0, -1.278, -38.0, -709.5, -740.0, 38.0],
    "gelu": [0.0, -10.0, -0.75, -1.0001, -8.5, -26.0, -37.0, -38.4, 8.3],
    "gelu_tanh": [0.0, -10.0, -0.75, -15.7, -21.0, -22.0, -22.3],
    "gelu_gate": [0.0, -15.7, -21.0, -22.0, -22.3, 21.0],
    "gelu_bell": [0.0, -15.7, -21.0, -22.0, -22.3, 21.0],
    "mish": [0.0, -1.19, -38.0, -709.5, -740.0, 38.0, 21.0],
    "mish_gate": [0.0, -38.0, -709.5, -740.0, 38.0, 21.0, 354.0],
    "asinh": [0.0, 1e200, 2.0**28, 1e-9],
    "erf": [0.0, 0.84, 1.249, 2.857, 5.9, 6.1, 26.5],
    "erfc": [0.0, 0.84, 1.249, 2.857, 5.9, 6.1, 26.5, 27.2],
    "gauss": [0.0, 26.0, 27.2, 0.7071],
    "norm_pdf": [0.0, 1.0, 37.0, 38.4],
    "norm_cdf": [0.0, -0.9999, -1.0001, -8.0, -20.0, -37.0, -38.4, 8.3],
    "norm_ln_cdf": [0.0, -1e-9, -0.9999, -1.0001, -8.0, -20.0, -38.0, -1e5, -1e100, 8.3, 36.0],
    "norm_inv_cdf": [0.5, 0.4999999, 0.075, 0.0751, 0.0999, 0.1, 0.1001, 0.9, 0.9001, 0.925, 0.9251, 0.999, 1 - ULP,
                     1.3e-11, 1.5e-11, 1e-20, 1e-50, 1e-200, 1e-305, 0.499, 0.501],
    "norm_sparsity": [0.5, 0.4999999, 0.0999, 0.1, 0.1001, 0.9, 0.9001, 0.999, 1 - ULP, 1e-20, 1e-50, 1e-103, 1e-200, 1e-305],
    "mills": [0.0, -0.9999, -1.0, -1.0001, -8.0, -20.0, 1.0, 8.0, 35.0],
    "gamma": [1.4616, 1.4617, -0.5, -1.5, -2.5, -0.001, 1 + 4 * ULP, 2 - ULP, 23.5, 100.5, 170.0, -100.5, -5.25, 1e-308],
    "ln_gamma": [1.4616, 1.4617, -0.5, -1.5, -2.5, -0.001, 1 + 4 * ULP, 2 - ULP, 1.9999, 1.0001, 23.5, -100.5, -5.25, -1e5 - 0.5],
    "digamma": [1.4616, 1.4617, -0.5, -1.5, -0.504, -0.001, 1 + 4 * ULP, 2 - ULP, 9.99, 10.01, -100.5, -5.25, -1e5 - 0.5],
    "polygamma": [-0.5, -1.5, -0.001, 9.99, 10.01, 19.9, -100.5, -5.25, -1e5 - 0.5],
    "hard_sigmoid": [-3 + 4 * ULP, 2.9999],
    "hard_tanh": [0.99999, -0.99999],
    "cbrt": [0.001, 8.0, 27.0, 1e-308],
    "exp": [0.0, -744.5, 709.7, -708.5],
    "exp2": [0.0, -1073.5, 1023.5],
    "exp_m1": [0.0, 709.7, -36.7, 0.3, -0.3],
    "atan": [0.0, 1e155, 1e154, 0.4375, 2.4375],
    "softsign": [1e154, 1e155],
    "fract": [0.75, -2.25],
    "recip": [1e-154, 1e154, 1e-308],
}  # fmt: skip

# Where the derivative, the row or the true value is not defined.
SKIP = {
    **{f: lambda x: x == 0 for f in ["recip", "abs", "signum", "sqrt", "cbrt", "ln", "log2", "log10", "powf", "relu",
                                     "leaky_relu", "elu", "selu", "gamma", "ln_gamma", "digamma", "polygamma"]},
    **{f: lambda x: x <= 0 and x == math.floor(x) for f in ["gamma", "ln_gamma", "digamma", "polygamma"]},
    **{f: lambda x: abs(x) == 1 for f in ["asin", "acos", "atanh", "acosh", "hard_tanh"]},
    "ln_1p": lambda x: x == -1,
    "norm_inv_cdf": lambda x: x in (0, 1),
    "norm_sparsity": lambda x: x in (0, 1),
    "hard_sigmoid": lambda x: abs(x) == 3,
}  # fmt: skip

# digits to begin with, if not 350: fewer where mpmath is slow and nothing cancels, more where u^-10 cancels at 1e-300
FIRST_DIGITS = {"gamma": 50, "ln_gamma": 50, "digamma": 50, "polygamma": 50, "sinc_deriv": 2000}


def ranges():
    """The column `on` of every row."""
    found = {}
    for name, body in re.findall(r"\n    [A-Z]\w* (\w+)\([^)]*\) = y \{(.*?)\n    \}", TABLE.read_text(), re.S):
        found[name] = eval(re.search(r"on: (\[.*?\]);", body).group(1))
    return found


def short(x):
    """A decimal of five digits."""
    return float(f"{x:.5g}")


def random_point(rng, lo, hi):
    """Half of the points even in magnitude, half even between -12 and 12 or the range, if that is narrower."""
    if rng.random() < 0.5:
        return short(rng.uniform(max(lo, -12), min(hi, 12)))
    sign = -1 if lo < 0 and (hi <= 0 or rng.random() < 0.5) else 1
    bound = min(-lo if sign < 0 else hi, 1e15)
    return sign * short(10 ** rng.uniform(-5, math.log10(bound)))


def points(name, lo, hi):
    rng = random.Random(name)
    chosen = MAGNITUDES + [-x for x in MAGNITUDES] + EXTRA.get(name, []) + [lo, hi]
    chosen += [random_point(rng, lo, hi) for _ in range(30)]
    skip = SKIP.get(name, lambda x: False)
    chosen = sorted({x + 0.0 for x in chosen if lo <= x <= hi and not skip(x)})
    return [(x,) for x in chosen]


def tuples(name, operands):
    """Points of several operands: all pairs of a few magnitudes, and random ones."""
    rng = random.Random(name)
    chosen = []
    few = [1e-300, 1e-100, 1e-20, 1e-8, 0.1, 1.0, 2.5, 30.0, 1e6, 1e100, 1e300]
    for _ in range(60):
        chosen.append(tuple(random_point(rng, lo, hi) for lo, hi in operands))
    for _ in range(60):
        chosen.append(tuple(rng.choice([-1, 1]) * rng.choice(few) for _ in operands))
    chosen += itertools.product(*operands)
    chosen += MORE.get(name, [])
    inside = [p for p in chosen if all(lo <= x <= hi for x, (lo, hi) in zip(p, operands))]
    return sorted({p for p in inside if ALLOWED.get(name, lambda *p: True)(*p)})


MORE = {
    "pow": [(2.0, 0.25), (1e-300, -1e-300), (1e-300, 1e-300), (1.0, 1e300), (1.0, -1e300), (1e-300, 0.25), (1e300, 0.4), (1e-200, 1.5), (1e200, 1.4), (1e-200, 2.0), (0.5, 0.0), (3.0, 1.0), (1.0, 7.5),
            (1e-160, 2.0), (10.0, -3.0), (1.0001, 50.0), (0.9999, -50.0), (1e-6, 50.0), (1e6, 49.9), (2.0, 0.5), (2.0, 0.49999)],
    "hypot": [(3.0, 1e-5), (1e-5, 3.0), (1e200, 1e200), (1e-200, 1e-200), (3.0, 4.0), (1.0, 0.0), (0.0, -2.0), (1.0, 1.0)],
    "direction": [(3.0, 1e-5), (1e-5, 3.0), (1e200, 1e200), (1e-200, 1e-200), (3.0, 4.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0)],
    "atan2": [(1.0, 2.0), (-1.0, -2.0), (3.0, 1e-5), (1e-5, 3.0), (1e-5, -3.0), (-4.0, 3.0)],
    "rem": [(5.3, 0.1), (7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (1e6, 0.3), (1e300, 3e299), (-1e300, 3e299), (3.0, 1e300), (-3.0, -1e300)],
    "log": [(8.0, 2.0), (0.001, 10.0), (5.0, 1.0001), (5.0, 0.9999), (1.0001, 7.0), (1e-300, 2.5), (3.0, 0.1)],
    "xlogy": [(0.0, 2.0), (0.0, 1e-300), (2.0, 1.0001)],
    "clamp": [(1e300, 0.5, 999.0), (-1e300, 0.5, 999.0), (0.0, 9.995e299, 1e300), (0.0, -1e300, -9.995e299)],
    "exp_sub": [(0.1, 0.3), (0.1, 700.3), (-0.020186, 422.67), (422.67, 0.020186), (1e-8, 1.0), (3.0, 3.0)],
    "ln_add_exp": [(0.0, 0.0), (1000.0, 1000.0), (-1000.0, -1000.5), (800.0, 0.0), (0.0, 40.0), (-40.0, 0.0), (700.0, -30.0)],
}  # fmt: skip

ALLOWED = {
    "div": lambda a, b: b != 0,
    "rem": lambda a, b: b != 0 and abs(a / b) < 2**53 and math.fmod(a, b) != 0,
    "pow": lambda a, b: a > 0 and abs(b * math.log(a)) < 700,
    "atan2": lambda a, b: a != 0 and b != 0 and max(abs(a), abs(b)) > 1e-150,
    "hypot": lambda a, b: (a, b) != (0, 0),
    "direction": lambda a, b: (a, b) != (0, 0),
    "max": lambda a, b: a != b,
    "min": lambda a, b: a != b,
    "copysign": lambda a, b: a != 0 and b != 0,
    "log": lambda x, base: x > 0 and base > 0 and base != 1,
    "xlogy": lambda x, v: v > 0,
    "clamp": lambda x, lo, hi: lo < hi and x not in (lo, hi),
}

VECTORS = {
    "sum": [[1.0], [0.1, 0.2], [0.1, 0.2, 0.3, -0.6], [1.0, 1e16, 1.0, 1.0, -1e16], [1e6, -1e6, 1e-9], [1e-300, 1e-300, 3.5]],
    "prod": [[3.0], [0.5, -2.5], [2.0, 3.0, 5.0, 7.0], [0.1, 0.2, 0.3, -0.4, 0.7], [1e6, 1e-6, -1e6], [1e-100, 1e-100, 3.0],
             [0.0, 2.0, 3.0], [0.0, 0.0, 3.0, 4.0]],
    "max_of": [[1.0], [0.5, -2.5], [3.0, 1e300, -1e300], [-1.0, -2.0, -0.5]],
    "min_of": [[1.0], [0.5, -2.5], [3.0, 1e300, -1e300], [-1.0, -2.0, -0.5]],
    "dot": [[2.0, 3.0], [0.1, 0.2, 0.3, 0.4], [1.5, -2.0, 0.3, 0.7, 1e6, 1e-6], [1e6, -1e6, 0.1, 0.1]],
    "strong_dot": [[2.0, 3.0], [0.1, 0.2, 0.3, 0.4], [1.5, -2.0, 0.3, 0.7, 1e6, 1e-6], [1e6, -1e6, 0.1, 0.1]],
    "norm": [[3.0], [-0.7], [3.0, 4.0], [0.1, 0.2, -0.3], [1e200, 1e200], [1e300, -1e300, 1e299], [1e-200, 1e-200], [1e-300, 2e-300, 0.0],
             [1.0, 0.0, 2.0, 7.0], [5.0, 1e-3, 0.3]],
    "log_sum_exp": [[1.5], [0.0, 0.0], [0.1, 0.2, 0.3], [1000.0, 1000.0, 999.5], [-1000.0, -1000.5], [0.0, 30.0], [0.0, 40.0, 1.0],
                    [1e6, -1e6], [-700.0, 0.0, 5.0, 5.0], [2.0, -35.0, 2.5], [1e4, -1e4, 0.0], [0.020186, 422.67]],
    "softmax": [[1.5, 0.5], [0.0, 0.0], [0.1, 0.2, 0.3], [1000.0, 1000.0, 999.5], [-1000.0, -1000.5], [0.0, 30.0], [0.0, 40.0, 1.0],
                [1e6, -1e6], [-700.0, 0.0, 5.0, 5.0], [2.0, -35.0, 2.5], [1e4, -1e4, 0.0], [40.0, 0.0, 1.0], [0.020186, 422.67]],
}  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------------
# Evaluation and output


def seeds(xs):
    n = len(xs)
    zeros = lambda: [[mpf(0)] * n for _ in range(n)]
    return [Jet(mpf(x), [mpf(int(i == j)) for j in range(n)], zeros()) for i, x in enumerate(xs)]


def flat(y):
    n = range(len(y.g))
    return [y.v] + y.g + [y.h[i][j] for i in n for j in n if i <= j]


TINY = mpf(10) ** -400


def agree(a, b):
    return a == b != 0 or abs(a - b) < abs(b) * mpf(10) ** -25


def evaluate(f, xs, digits):
    """Doubles the precision until two results agree; what is still below 1e-400 with the most digits is a zero."""
    before = now = None
    while digits < 9000:
        mp.dps = digits
        before, now = now, flat(f(*seeds(xs)))
        if before and all(map(agree, before, now)):
            return now
        digits *= 2
    if not all(agree(a, b) or max(abs(a), abs(b)) < TINY for a, b in zip(before, now)):
        sys.exit(f"no agreement at {xs}")
    return [mpf(0) if abs(v) < TINY else v for v in now]


def number(v):
    hi = float(v)
    if math.isinf(hi) or hi == 0:
        return repr(hi).replace("-0.0", "0.0") if hi == 0 else repr(hi)
    lo = float((v - mpf(hi)) / mpf(math.ulp(hi)))
    text = f"{lo:.3f}"
    return repr(hi) if float(text) == 0 else f"{hi!r}~{text}"


def line(name, parameter, xs, f):
    n = len(xs)
    ys = [number(v) for v in evaluate(f, xs, FIRST_DIGITS.get(name, 350))]
    fields = [name, "" if parameter is None else repr(parameter), " ".join(map(repr, xs))]
    return ",".join(fields + [ys[0], " ".join(ys[1 : 1 + n]), " ".join(ys[1 + n :])])


def rows(functions, wanted, make_points):
    for name, f in functions.items():
        if wanted and name not in wanted:
            continue
        print(name, file=sys.stderr, flush=True)
        for parameter in PARAMETERS.get(name, [None]):
            for xs in make_points(name):
                yield line(name, parameter, xs, f if parameter is None else partial(f, parameter))


def partial(f, parameter):
    return lambda *xs: f(*xs, parameter)


def of_list(name, f):
    """Takes the operands one by one, the parameter after them."""
    return (lambda *a: f(list(a[:-1]), a[-1])) if name in PARAMETERS else (lambda *a: f(list(a)))


def write(file, functions, wanted, make_points):
    """Lines of rows that are not wanted stay."""
    path = HERE / "golden" / file
    kept = path.read_text().splitlines() if wanted and path.exists() else []
    new = list(rows(functions, wanted, make_points))
    kept = [l for l in kept if l.split(",")[0] not in wanted and l.split(",")[0] in functions]
    order = {name: i for i, name in enumerate(functions)}
    lines = sorted(kept + new, key=lambda l: order[l.split(",")[0]])
    path.write_text("".join(l + "\n" for l in lines))


def verify():
    """Every formula at up to six of its points: gradient and Hessian against central differences with 60 digits."""
    on, nary = ranges(), {name: of_list(name, f) for name, f in NARY.items()}
    for name, f in {**UNARY, **BINARY, **TERNARY, **nary}.items():
        if name == "stop_gradient":
            continue  # wrong on purpose
        all_points = VECTORS[name] if name in NARY else points(name, *on[name][0]) if name in UNARY else tuples(name, on[name])
        usual = [xs for xs in all_points if len(xs) < 4 and all(1e-3 <= abs(x) <= 30 and x % 0.5 for x in xs)]
        for parameter in PARAMETERS.get(name, [None]):
            for xs in usual[:: max(1, len(usual) // 6)]:
                verify_at(name, f if parameter is None else partial(f, parameter), xs)


def verify_at(name, f, xs):
    mp.dps = 80
    jet, n = f(*seeds(xs)), len(xs)
    value = lambda *ts: f(*seeds(ts)).v
    size = 1 + sum(map(abs, flat(jet)))
    for i in range(n):
        for j in range(i, n):
            order = [int(k == i) + int(k == j) for k in range(n)]
            second = mp.diff(value, xs, tuple(order)) if n > 1 else mp.diff(value, xs[0], 2)
            first = mp.diff(value, xs, tuple(int(k == i) for k in range(n))) if n > 1 else mp.diff(value, xs[0])
            error = max(abs(second - jet.h[i][j]), abs(first - jet.g[i])) / size
            if error > mpf(10) ** -20:
                sys.exit(f"{name} at {xs}: off by {mp.nstr(error, 3)}")


def main():
    if sys.argv[1:] == ["--verify"]:
        return verify()
    wanted, on = set(sys.argv[1:]), ranges()
    (HERE / "golden").mkdir(exist_ok=True)
    write("unary.csv", UNARY, wanted, lambda name: points(name, *on[name][0]))
    write("binary.csv", BINARY, wanted, lambda name: tuples(name, on[name]))
    write("ternary.csv", TERNARY, wanted, lambda name: tuples(name, on[name]))
    nary = {name: of_list(name, f) for name, f in NARY.items()}
    write("nary.csv", nary, wanted, lambda name: VECTORS[name])


if __name__ == "__main__":
    main()
