"""Prints the Chebyshev coefficients of `rules/special.rs`, MILLS: run it and compare.

g(s) = (t + 4) M(t), with the Mills ratio M(t) = sqrt(pi/2) exp(t^2/2) erfc(t/sqrt(2)) of the normal distribution and
s = (t - 4)/(t + 4), for t >= 0 (the variable of Shepherd and Laframboise 1981, who did so for exp(x^2) erfc(x)).
"""

from mpmath import mp, mpf

mp.dps = 60
K, NODES, TERMS = mpf(4), 64, 26


def mills(t):
    if t < 60:
        return mp.sqrt(mp.pi / 2) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2))
    total, term, k = mpf(0), 1 / t, 0  # the asymptotic series 1/t - 1/t^3 + 3/t^5 - ..
    while abs(term) > mpf(10) ** -70:
        total, k = total + term, k + 1
        term *= -(2 * k - 1) / (t * t)
    return total


def g(s):
    t = K * (1 + s) / (1 - s)
    return (t + K) * mills(t)


angles = [mp.pi * (j + mpf(1) / 2) / NODES for j in range(NODES)]
values = [g(mp.cos(angle)) for angle in angles]
for i in range(TERMS):
    c = 2 / mpf(NODES) * sum(v * mp.cos(i * angle) for v, angle in zip(values, angles))
    print(f"    {float(c if i else c / 2)!r},")
