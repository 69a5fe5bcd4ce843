"""Prints the coefficients of the polynomials in `src/vm/math`, with the error of each (mpmath 1.3).

Run it in this folder: `python3 coefficients.py [NAME ..]`.

Each polynomial minimises the greatest weighted error (Remez 1934): one point exchange after the other on a grid, in 60
digits. Then its coefficients are rounded to f64 from the lowest on, and those above are fitted again each time.
"""

import sys

from mpmath import mp, mpf

mp.dps = 60


def chebyshev_points(lo, hi, n):
    return [lo + (hi - lo) * (1 - mp.cos(mp.pi * mpf(2 * i + 1) / (2 * n))) / 2 for i in range(n)]


def remez(f, weight, lo, hi, n, rounds=25):
    """The `n` coefficients of the polynomial with the least greatest error of `weight(x) (f(x) - p(x))`, and it."""
    grid = chebyshev_points(lo, hi, 40 * n)
    values = [(x, f(x), weight(x)) for x in grid]
    at = [values[int((i + mpf(1) / 2) * len(values) / (n + 1))] for i in range(n + 1)]
    for _ in range(rounds):
        rows = mp.matrix(n + 1, n + 1)
        right = mp.matrix(n + 1, 1)
        for i, (x, y, w) in enumerate(at):
            for j in range(n):
                rows[i, j] = x**j
            rows[i, n] = (-1) ** i / w
            right[i] = y
        solution = mp.lu_solve(rows, right)
        c = list(solution[:n])
        errors = [w * (y - mp.polyval(c[::-1], x)) for x, y, w in values]
        runs = [[0]]
        for i in range(1, len(errors)):
            if errors[i] * errors[runs[-1][-1]] < 0:
                runs.append([])
            runs[-1].append(i)
        peaks = [max(run, key=lambda i: abs(errors[i])) for run in runs]
        while len(peaks) > n + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        greatest = max(abs(e) for e in errors)
        if len(peaks) < n + 1 or greatest < abs(solution[n]) * mpf("1.01"):
            return c, greatest
        at = [values[i] for i in peaks]
    return c, greatest


def fit(f, weight, lo, hi, n, fixed=()):
    """Coefficients that are doubles: each is rounded, then the rest is fitted again."""
    kept = [mpf(c) for c in fixed]
    lo, hi = mpf(lo), mpf(hi)
    steps = min(4, n - len(kept))
    for step in range(steps):
        k = len(kept)
        rest = lambda x: (f(x) - mp.polyval(kept[::-1], x)) / x**k if k else f(x)
        c, error = remez(rest, lambda x: weight(x) * x**k, lo, hi, n - k)
        kept += [mpf(float(a)) for a in (c if step == steps - 1 else c[:1])]
    worst = max(abs(weight(x) * (f(x) - mp.polyval(kept[::-1], x))) for x in chebyshev_points(lo, hi, 2000))
    return kept, worst


LN2 = mp.log(2)


def exp():
    """q in e^r = 1 + r + r^2 q(r); error relative to e^r."""
    f = lambda r: (mp.expm1(r) - r) / r**2
    return fit(f, lambda r: r**2 / mp.exp(r), -LN2 / 2 * mpf("1.0001"), LN2 / 2 * mpf("1.0001"), 10)


def exp_m1():
    """q in e^r - 1 = r + r^2 q(r); error relative to e^r - 1."""
    f = lambda r: (mp.expm1(r) - r) / r**2
    return fit(f, lambda r: r**2 / mp.expm1(r), -LN2 / 2 * mpf("1.0001"), LN2 / 2 * mpf("1.0001"), 11, [0.5])


def ln():
    """R in ln(1 + f) = f - f^2/2 + s (f^2/2 + u R(u)), s = f/(2 + f), u = s^2; error relative to ln(1 + f)."""
    f = lambda u: (2 * mp.atanh(mp.sqrt(u)) / mp.sqrt(u) - 2) / u
    return fit(f, lambda u: u, mpf("1e-9"), mpf("0.02944"), 7)


def ln_tail():
    """T in atanh(s) = s (1 + u/3 + u^2 T(u)), u = s^2; error relative to the logarithm."""
    f = lambda u: (mp.atanh(mp.sqrt(u)) / mp.sqrt(u) - 1 - u / 3) / u**2
    return fit(f, lambda u: u**2, mpf("1e-9"), mpf("0.02944"), 8)


def sin():
    """P in sin r = r + r^3 P(r^2); relative error."""
    f = lambda u: (mp.sin(mp.sqrt(u)) / mp.sqrt(u) - 1) / u
    return fit(f, lambda u: u * mp.sqrt(u) / mp.sin(mp.sqrt(u)), mpf("1e-9"), (mp.pi / 4 * mpf("1.0001")) ** 2, 6)


def cos():
    """P in cos r = 1 - r^2/2 + r^4 P(r^2); relative error."""
    f = lambda u: (mp.cos(mp.sqrt(u)) - 1 + u / 2) / u**2
    return fit(f, lambda u: u**2 / mp.cos(mp.sqrt(u)), mpf("1e-9"), (mp.pi / 4 * mpf("1.0001")) ** 2, 6)


def erf():
    """G in erf x = -expm1(-x G(x)) on [0, 5.95]; error relative to erf."""
    f = lambda x: -mp.log(mp.erfc(x)) / x
    weight = lambda x: x * mp.erfc(x) / mp.erf(x)
    return fit(f, weight, mpf("1e-9"), 5.95, 24)


def normal():
    """P in mills(1, -t) / sqrt(2 pi) = P(s) / (t + 5), s = (t - 5)/(t + 5), for t in [0, 39]; relative error."""
    at = lambda s: 5 * (1 + s) / (1 - s)
    f = lambda s: (at(s) + 5) * mp.erfc(at(s) / mp.sqrt(2)) * mp.exp(at(s) ** 2 / 2) / 2
    return fit(f, lambda s: 1 / f(s), -1 + mpf("1e-12"), mpf(34) / 44, 22)


NAMES = [exp, exp_m1, ln, ln_tail, sin, cos, erf, normal]

if __name__ == "__main__":
    for polynomial in NAMES:
        if len(sys.argv) < 2 or polynomial.__name__ in sys.argv[1:]:
            coefficients, error = polynomial()
            print(f"{polynomial.__name__}: {polynomial.__doc__} Greatest: 2^{float(mp.log(error, 2)):.1f}")
            for c in coefficients:
                print(f"    {float(c)!r},")
