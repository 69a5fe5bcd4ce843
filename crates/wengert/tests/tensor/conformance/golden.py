"""Writes `golden/*.txt`: what every tensor operation must answer, in eight classes of cases and more.

Run it in this folder: `python3 golden.py [OPERATION ..]` (pip install numpy mpmath jax torch; without names all
operations, which takes some minutes). Names rewrite the whole family that has them.

The numbers are those of `reference.py`, evaluated with so many digits that two precisions agree to 25. JAX and PyTorch
answer the same cases in double precision; where one of them differs, the reference is kept (or our convention at a
kink, the column `kink` of the table) and the difference is a line of `golden/peers.txt`.

A case is a line `operation class parameter=value ..` and lines of
    x DTYPE SHAPE[|VIEW] : NUMBERS      an input, and how the operation is given it
    y DTYPE SHAPE : NUMBERS             a result
    ybar, xbar : NUMBERS                the adjoint of each real result, the gradient of each real input
    v, hv : NUMBERS                     a direction for each real input, and the Hessian of the loss times it
The loss is the sum of ybar y, or of ybar y y where the first line says `loss=square`. `?` is what nobody promises.
"""

import math
import sys
from pathlib import Path

import numpy as np

import peers
from operations import FORMULAS, ON, REAL
from plans import FAMILIES, ROWS, cases_of
from reference import rows

HERE = Path(__file__).parent


# ----------------------------------------------------------------------------------------------------------------------
# Text


def number(x, dtype):
    if x is None:
        return "?"
    if dtype in ("bool", "i64"):
        return str(int(x))
    text = repr(float(x)) if dtype == "f64" else str(np.float32(float(x)))
    return text.removesuffix(".0").replace("e+", "e")


def joined(xs, dtype):
    return " ".join(number(x, dtype) for x in xs)


def word(value):
    if isinstance(value, list):
        return "[" + ",".join(map(word, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else number(value, "f64") if isinstance(value, float) else str(value)


def text(case):
    p = {k: v for k, v in case.parameters.items()} | ({"loss": "square"} if case.square else {})
    lines = [" ".join([case.op, case.kind] + [f"{k}={word(v)}" for k, v in p.items()])]
    for i in case.inputs:
        view = "" if i.view is None else "|" + i.view[0] + (word(i.view[1]) if len(i.view) > 1 else "")
        lines.append(f"x {i.dtype} {word(i.shape)}{view} : {joined(i.numbers, i.dtype)}")
    for (dtype, shape, values), w in zip(case.y, case.ybar):
        lines.append(f"y {dtype} {word(shape)} : {joined(values, dtype)}")
        if w is not None:
            lines.append(f"ybar : {joined(w.ravel(), dtype)}")
    real = [i.dtype for i in case.inputs if i.dtype in REAL]
    for key, lists_ in (("xbar", case.xbar), ("v", case.v), ("hv", case.hv)):
        lines += [f"{key} : {joined(xs, dtype)}" for xs, dtype in zip(lists_, real)]
    return "\n".join(line.rstrip() for line in lines)


# ----------------------------------------------------------------------------------------------------------------------
# Peers


def close(ours, theirs, scale, tolerance):
    ours = float(ours)
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    return ours == theirs or abs(ours - theirs) <= tolerance * abs(ours) + 1e-14 * scale or max(abs(ours), abs(theirs)) < 1e-305


QUANTITIES = ("value", "gradient", "Hessian product")


def quantities(case):
    values = [v for _, _, v in case.y]
    for what, lists_ in zip(QUANTITIES, (values, case.xbar, case.hv)):
        yield from ((what, k, xs) for k, xs in enumerate(lists_))


ALIASES = {"fill_where": "masked_fill", "scatter_set": "scatter", "cross_entropy_soft": "cross_entropy",
           "cross_entropy_with": "cross_entropy", "sigmoid_cross_entropy_with": "sigmoid_cross_entropy"}  # fmt: skip


def differences(case):
    """Lines about what a peer answers otherwise, and which peers answered at all."""
    head, answered, lines = text(case).splitlines()[0], [], []
    for peer, ask in {"JAX": peers.ask_jax, "PyTorch": peers.ask_torch}.items():
        try:
            reply = ask(ALIASES.get(case.op, case.op), case)
        except Exception as why:  # an error is an answer too
            lines.append(f"{head}: {peer} refuses: {str(why).strip().splitlines()[0][:90]}")
            continue
        if reply is None:
            continue
        answered.append(peer)
        if reply[3] != [shape for _, shape, _ in case.y]:
            lines.append(f"{head}: {peer} has the shape {reply[3]}")
        else:
            lines += [f"{head}: {line}" for line in differing(case, peer, dict(zip(QUANTITIES, reply)))]
    return answered, lines


def differing(case, peer, theirs):
    elementwise = case.op in FORMULAS
    tolerance = 1e-6 if any(dtype == "f32" for dtype, _, _ in case.y) else 1e-11
    for what, k, ours in quantities(case):
        if theirs[what] is None:
            continue
        finite = [abs(float(x)) for x in ours if x is not None and math.isfinite(float(x))]
        scale = 0.0 if elementwise else max([1.0, *finite])
        other = theirs[what][k]
        places = [j for j, a in enumerate(ours) if a is not None and not close(a, float(other[j]), scale, tolerance)]
        if not places:
            continue
        if elementwise and all(i.shape == case.inputs[0].shape and not i.view for i in case.inputs):
            at = " at " + ", ".join("(" + " ".join(number(i.numbers[j], "f64") for i in case.inputs) + ")" for j in places)
        else:
            at = f" at {', '.join(map(str, places))}"
        mine, their = [" ".join(number(xs[j], "f64") for j in places) for xs in (ours, other)]
        yield f"{what} {k}{at}: {mine}; {peer}: {their}"


PEERS = HERE / "golden/peers.txt"


def note(family, lines):
    """Replaces the lines of a family in the list of what peers answer otherwise."""
    sections = {name: [] for name in FAMILIES}
    for line in PEERS.read_text().splitlines() if PEERS.exists() else []:
        if line.startswith("# "):
            section = sections.setdefault(line[2:], [])
        else:
            section.append(line)
    sections[family] = lines
    PEERS.write_text("".join(f"{l}\n" for name in FAMILIES for l in [f"# {name}", *sections[name]]))


def main():
    wanted = set(sys.argv[1:])
    missing = {{"max": "maximum", "min": "minimum"}.get(n, n) for n in ON if n not in rows.NARY} - set(ROWS)
    assert not missing, missing
    (HERE / "golden").mkdir(exist_ok=True)
    for family, operations in FAMILIES.items():
        if wanted and family not in wanted and not wanted & operations.keys():
            continue
        cases, lines, alone = [], [], []
        for name, make_cases in operations.items():
            mine = list(cases_of(name, make_cases))
            asked = [differences(case) for case in mine if all(i.dtype != "f32" for i in case.inputs)]
            lines += dict.fromkeys(line for _, found in asked for line in found)
            alone += [] if any(answered for answered, _ in asked) else [name]
            cases += mine
        (HERE / "golden" / f"{family}.txt").write_text("\n\n".join(text(c) for c in cases) + "\n")
        note(family, [f"neither has {' '.join(alone)}"] * bool(alone) + lines)
        print(f"{family}: {len(operations)} operations, {len(cases)} cases, {len(lines)} differences", flush=True)


if __name__ == "__main__":
    main()
