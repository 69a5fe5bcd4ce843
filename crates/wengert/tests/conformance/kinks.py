"""Prints what JAX and PyTorch answer at the kinks of the table: derivatives where there is none, in double precision.

Run it in this folder: `python3 kinks.py > ../../../wengert-cli/src/kinks.csv` (pip install jax torch; the first line of
the file says which versions). `cargo xtask docs` prints the file beside our own answers, which it computes.

A line is `row,parameter,operands,jax,torch`; lists are separated by blanks, `-` is a function that one has not.
"""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F

jax.config.update("jax_enable_x64", True)
INF, NAN = float("inf"), float("nan")


def first(f):
    return lambda *xs: f(*xs)[0]


def stacked(f):
    return lambda stack: lambda *xs: f(stack(xs))


# row, parameter, points, jax's function, torch's function; those of many operands take a stack of them.
ROWS = [
    ("abs", None, [(0.0,)], jnp.abs, torch.abs),
    ("signum", None, [(0.0,)], jnp.sign, torch.sign),
    ("sqrt", None, [(0.0,)], jnp.sqrt, torch.sqrt),
    ("cbrt", None, [(0.0,)], jnp.cbrt, None),
    ("powi", 0.0, [(0.0,)], lambda x: jax.lax.integer_pow(x, 0), lambda x: torch.pow(x, 0)),
    ("powf", 0.0, [(0.0,)], lambda x: jnp.power(x, 0.0), lambda x: torch.pow(x, 0.0)),
    ("powf", 0.5, [(0.0,)], lambda x: jnp.power(x, 0.5), lambda x: torch.pow(x, 0.5)),
    ("ln", None, [(0.0,)], jnp.log, torch.log),
    ("log2", None, [(0.0,)], jnp.log2, torch.log2),
    ("log10", None, [(0.0,)], jnp.log10, torch.log10),
    ("ln_1p", None, [(-1.0,)], jnp.log1p, torch.log1p),
    ("asin", None, [(-1.0,), (1.0,)], jnp.arcsin, torch.asin),
    ("acos", None, [(-1.0,), (1.0,)], jnp.arccos, torch.acos),
    ("acosh", None, [(1.0,)], jnp.arccosh, torch.acosh),
    ("atanh", None, [(-1.0,), (1.0,)], jnp.arctanh, torch.atanh),
    ("sinc", None, [(0.0,)], jnp.sinc, torch.sinc),
    ("floor", None, [(1.0,)], jnp.floor, torch.floor),
    ("ceil", None, [(1.0,)], jnp.ceil, torch.ceil),
    ("round", None, [(0.5,)], jnp.round, torch.round),
    ("trunc", None, [(1.0,)], jnp.trunc, torch.trunc),
    ("fract", None, [(1.0,)], lambda x: jnp.modf(x)[0], torch.frac),
    ("relu", None, [(0.0,)], jax.nn.relu, torch.relu),
    ("leaky_relu", 0.1, [(0.0,)], lambda x: jax.nn.leaky_relu(x, 0.1), lambda x: F.leaky_relu(x, 0.1)),
    ("elu", 2.0, [(0.0,)], lambda x: jax.nn.elu(x, 2.0), lambda x: F.elu(x, 2.0)),
    ("selu", None, [(0.0,)], jax.nn.selu, F.selu),
    ("hard_sigmoid", None, [(-3.0,), (3.0,)], jax.nn.hard_sigmoid, F.hardsigmoid),
    ("hard_tanh", None, [(-1.0,), (1.0,)], jax.nn.hard_tanh, F.hardtanh),
    ("norm_inv_cdf", None, [(0.0,), (1.0,)], jax.scipy.special.ndtri, torch.special.ndtri),
    ("rem", None, [(6.0, 2.0)], jnp.fmod, torch.fmod),
    ("pow", None, [(0.0, 0.0), (0.0, 2.0)], jnp.power, torch.pow),
    ("atan2", None, [(0.0, 0.0)], jnp.arctan2, torch.atan2),
    ("hypot", None, [(0.0, 0.0)], jnp.hypot, torch.hypot),
    ("max", None, [(1.0, 1.0)], jnp.maximum, torch.maximum),
    ("min", None, [(1.0, 1.0)], jnp.minimum, torch.minimum),
    ("copysign", None, [(0.0, 1.0), (1.0, 0.0)], jnp.copysign, torch.copysign),
    ("xlogy", None, [(0.0, 0.0)], jax.scipy.special.xlogy, torch.special.xlogy),
    ("ln_add_exp", None, [(-INF, -INF), (INF, INF)], jnp.logaddexp, torch.logaddexp),
    ("clamp", None, [(0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (0.5, 1.0, 0.0)], jnp.clip, torch.clamp),
    ("max_of", None, [(3.0, 1.0, 3.0), (NAN, NAN)], stacked(jnp.max), stacked(torch.max)),
    ("min_of", None, [(3.0, 1.0, 1.0), (NAN, NAN)], stacked(jnp.min), stacked(torch.min)),
    ("norm", None, [(0.0, 0.0), (1.0, -INF)], stacked(jnp.linalg.norm), stacked(torch.linalg.norm)),
    ("log_sum_exp", None, [(-INF, -INF), (INF, INF)], stacked(jax.nn.logsumexp), stacked(lambda x: torch.logsumexp(x, 0))),
    ("softmax", 0.0, [(INF, INF)], stacked(first(jax.nn.softmax)), stacked(first(lambda x: torch.softmax(x, 0)))),
]
MANY = {"max_of", "min_of", "norm", "log_sum_exp", "softmax"}


def by_jax(f, x):
    return [float(g) for g in jax.grad(f, argnums=tuple(range(len(x))))(*map(jnp.float64, x))]


def by_torch(f, x):
    xs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in x]
    y = f(*xs)
    if not y.requires_grad:
        return [0.0] * len(xs)
    y.backward()
    return [0.0 if v.grad is None else float(v.grad) for v in xs]


def cell(numbers):
    return "-" if numbers is None else " ".join(repr(x) for x in numbers)


def main():
    print(f"# JAX {jax.__version__.split('+')[0]}, PyTorch {torch.__version__.split('+')[0]}")
    print("row,parameter,operands,jax,torch")
    for row, parameter, points, of_jax, of_torch in ROWS:
        if row in MANY:
            of_jax, of_torch = of_jax(lambda xs: jnp.stack(xs)), of_torch(lambda xs: torch.stack(xs))
        for x in points:
            jaxs = by_jax(of_jax, x)
            torchs = None if of_torch is None else by_torch(of_torch, x)
            given = "" if parameter is None else repr(parameter)
            print(",".join([row, given, cell(x), cell(jaxs), cell(torchs)]))


main()
