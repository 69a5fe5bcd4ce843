"""Reads what the test `vm::math::tests::accuracy::dump` prints, and prints the greatest errors (mpmath 1.3).

Errors are in ulps of the nearest double; of `ln_add_exp` in ulps of 1 where the value is smaller. Operands at which the
formula is not real, overflows, or would take for ever, are left to the tests of the edges.
"""

import math
import struct
import sys

from golden import BIGGEST, ROWS, mp, mpf, small_enough

FORMULAS = {row: formula for row, (formula, _, _) in ROWS.items()} | {
    "pow": lambda a, b: a**b if a > 0 and abs(b * mp.log(a)) < 2000 else None,
    "exp_sub": lambda a, b: mp.exp(a - b) if abs(a - b) < 2000 else None,
    "xlogy": lambda a, b: a * mp.log(b),
    "ln_add_exp": lambda a, b: mp.log(mp.exp(a) + mp.exp(b)) if max(abs(a), abs(b)) < 2000 else None,
}


def double(bits):
    return struct.unpack("<d", struct.pack("<Q", int(bits, 16)))[0]


def value(row, xs):
    if not all(math.isfinite(x) and x != 0 for x in xs) or (len(xs) == 1 and not small_enough(row, xs[0])):
        return None
    y = FORMULAS[row](*[mpf(x) for x in xs])
    return y if isinstance(y, mpf) and abs(y) < BIGGEST * (1 - mpf(2) ** -54) else None


def error(row, y, true):
    scale = max(abs(float(true)), 1.0 if row == "ln_add_exp" else 0.0)
    return abs(float((mpf(y) - true) / mpf(math.ulp(scale)))) if math.isfinite(y) else math.inf


def main():
    worst = {}
    for line in sys.stdin:
        words = line.split()
        if len(words) not in (4, 5) or words[1] not in FORMULAS:
            continue
        xs, y = [double(w) for w in words[2:-1]], double(words[-1])
        true = value(words[1], xs)
        if true is None:
            continue
        count, greatest, at = worst.get((words[1], words[0]), (0, 0.0, ()))
        e = error(words[1], y, true)
        worst[words[1], words[0]] = (count + 1, *((e, xs) if e > greatest else (greatest, at)))
    print("| kernel | set | operands | greatest error in ulps | at |\n|---|---|---|---|---|")
    for (row, of), (count, greatest, at) in worst.items():
        print(f"| {row} | {of} | {count} | {greatest:.2f} | {' '.join(map(repr, at))} |")


if __name__ == "__main__":
    main()
