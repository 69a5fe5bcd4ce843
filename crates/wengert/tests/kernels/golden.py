"""Writes `golden.csv`: values of the kernels of `src/vm/math` from textbook formulas and mpmath.

Run it in this folder: `python3 golden.py` (mpmath 1.3; some seconds).

A line is `row,operands,value`; operands are separated by blanks. A value `1.5~-0.21` is the nearest f64 and what the true
value differs from it, in its ulps.
"""

import math
import random
import struct
from pathlib import Path

from mpmath import mp, mpf

mp.prec = 240
POINTS = 240
BIGGEST = mpf(2) ** 1024

# Per row: the formula, the range where something happens, and the places that need a close look.
ROWS = {
    "exp": (mp.exp, (-746, 710), [0.34657, -0.34657, -700, -708.3964, -745.13, 709.7827]),
    "exp2": (lambda x: mpf(2) ** x, (-1076, 1024.2), [0.5, -0.5, -1010, -1022, -1074.9, 1023.99]),
    "exp_m1": (mp.expm1, (-50, 710), [0.34657, -0.34657, -37.43, 709.7827]),
    "ln": (mp.log, (0, 20), [1, 0.7071, 1.4142, 2.2250738585072014e-308]),
    "log2": (lambda x: mp.log(x) / mp.log(2), (0, 20), [1, 0.7071, 1.4142, 2.2250738585072014e-308]),
    "log10": (lambda x: mp.log(x) / mp.log(10), (0, 20), [1, 0.7071, 1.4142, 2.2250738585072014e-308]),
    "ln_1p": (mp.log1p, (-1, 20), [-0.99999, -0.2929, 0.4142, 1e-17, 9007199254740992.0, 1e18]),
    "sin": (mp.sin, (-20, 20), [math.pi, math.pi / 2, 1e6, 999999744 * math.pi / 4, 1e9]),
    "cos": (mp.cos, (-20, 20), [math.pi, math.pi / 2, 1e6, 999999744 * math.pi / 4, 1e9]),
    "tan": (mp.tan, (-20, 20), [math.pi, math.pi / 2, 1e6, 999999744 * math.pi / 4, 1e9]),
    "sinh": (mp.sinh, (-711, 711), [0.34657, -0.34657, 710.4758]),
    "cosh": (mp.cosh, (-711, 711), [0.34657, -0.34657, 710.4758]),
    "tanh": (mp.tanh, (-22, 22), [0.17328, -0.17328, 19.06]),
    "sech": (mp.sech, (-746, 746), [0.34657, 700, 708.3964, 745.8]),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), (-746, 40), [-700, -708.3964, -745.13]),
    "ln_sigmoid": (lambda x: -mp.log1p(mp.exp(-x)), (-50, 746), [0.88, -0.88, 700, 708.3964]),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), (-746, 50), [0.88, -0.88, -700, -708.3964]),
    "silu": (lambda x: x / (1 + mp.exp(-x)), (-752, 50), [-700, -714.97, -751.7]),
    "gauss": (lambda x: mp.exp(-x * x), (-27.5, 27.5), [26.457, 26.61, 27.29]),
    "norm_pdf": (lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi), (-39, 39), [37.41, 37.5, 38.56]),
    "gelu": (lambda x: x * mp.ncdf(x), (-39, 20), [-1, -37.5, -38.5]),
    "norm_cdf": (mp.ncdf, (-39, 10), [-1, -37.5, -38.5]),
    "erfc": (mp.erfc, (-6, 27.5), [0.8, 5, 26.54, 27.2]),
    "erf": (mp.erf, (-6, 6), [5.86, 5.95]),
}


def near(x, steps):
    """The double that lies so many steps farther from 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    return struct.unpack("<d", struct.pack("<q", max(0, bits + steps)))[0]


def operands(rng, row, span, places):
    """A third over the range, a third in every order of magnitude, a sixth around the places, a sixth any bits."""
    lo, hi = span
    signs = [1] if lo == 0 else [-1, 1]
    found = [rng.uniform(lo, hi) for _ in range(POINTS // 3)]
    found += [rng.choice(signs) * 2.0 ** rng.uniform(-1074, math.log2(hi)) for _ in range(POINTS // 6)]
    found += [rng.choice(signs) * 2.0 ** rng.uniform(-60, math.log2(hi)) for _ in range(POINTS // 6)]
    found += [near(abs(p), rng.randint(-3, 3)) * math.copysign(1, p) for p in rng.choices(places, k=POINTS // 12)]
    found += [p * (1 + 2.0 ** rng.uniform(-52, -4)) for p in rng.choices(places, k=POINTS // 12)]
    while len(found) < POINTS:
        (x,) = struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))
        if math.isfinite(x) and not (lo == 0 and x < 0):
            found.append(x)
    return found


def powers(rng):
    """Results of every magnitude, bases near 1, whole exponents of negative bases."""
    found = []
    for _ in range(POINTS // 2):
        a, b = 2.0 ** rng.uniform(-30, 30), rng.uniform(-5, 5)
        found.append((a, b))
        found.append((a, rng.uniform(-745, 709.7) / math.log(a)))
        a = 1 + rng.choice([-1, 1]) * 2.0 ** rng.uniform(-52, -2)
        found.append((a, rng.uniform(-745, 709.7) / math.log(a)))
        found.append((-rng.uniform(0.1, 10), float(rng.randint(-300, 300))))
    return found


def differences(rng):
    found = []
    for _ in range(POINTS // 2):
        a = rng.choice([-1, 1]) * 2.0 ** rng.uniform(-60, 40)
        found.append((a, a - rng.uniform(-709.7, 745)))
        found.append((a, a - rng.choice([-1, 1]) * 2.0 ** rng.uniform(-60, 9)))
    return found


def value(formula, xs):
    """The value, where it is real and a double can hold it."""
    y = formula(*[mpf(x) for x in xs])
    return y if isinstance(y, mpf) and abs(y) < BIGGEST else None


def text(y):
    nearest = float(y)
    if math.isinf(nearest):
        return None
    rest = (y - mpf(nearest)) / mpf(math.ulp(nearest))
    return f"{nearest!r}~{float(rest):.2f}"


def small_enough(row, x):
    """mpmath would take for ever on exponentials of 1e300; the edges have tests of their own."""
    return row in ("ln", "log2", "log10", "ln_1p", "sin", "cos", "tan") or abs(x) < 2000


def main():
    rng = random.Random(20)
    lines = []
    for row, (formula, span, places) in ROWS.items():
        xs = [x for x in operands(rng, row, span, places) if x != 0 and small_enough(row, x)]
        if row in ("norm_pdf", "norm_cdf", "gauss", "gelu", "erfc"):
            xs = [x for x in xs if abs(x) < 50]
        lines += [(row, (x,), value(formula, (x,))) for x in xs]
    lines += [("pow", ab, value(lambda a, b: a**b, ab)) for ab in powers(rng)]
    lines += [("exp_sub", ab, value(lambda a, b: mp.exp(a - b), ab)) for ab in differences(rng)]
    sums = [(a, a + rng.choice([-1, 1]) * 2.0 ** rng.uniform(-10, 7)) for a in (rng.uniform(-20, 20) for _ in range(POINTS))]
    lines += [("ln_add_exp", ab, value(lambda a, b: mp.log(mp.exp(a) + mp.exp(b)), ab)) for ab in sums]
    logs = [(2.0 ** rng.uniform(-500, 500), 2.0 ** rng.uniform(-500, 500)) for _ in range(POINTS)]
    lines += [("xlogy", ab, value(lambda a, b: a * mp.log(b), ab)) for ab in logs]
    rows = [(row, xs, text(y)) for row, xs, y in lines if y is not None]
    out = [f"{row},{' '.join(map(repr, xs))},{y}\n" for row, xs, y in rows if y is not None]
    (Path(__file__).parent / "golden.csv").write_text("".join(out))


if __name__ == "__main__":
    main()
