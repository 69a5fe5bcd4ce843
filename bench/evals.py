"""JAX beside the evals of GradBench: a server that evaluates, differentiates and times itself.

    WENGERT_BENCH_PYTHON=$PWD/peers/bin/python cargo run --release -- gradbench

It answers requests, one per line: `program NAME INPUT`, `primal`, `derivative`, `time FUNCTION CALLS`. An answer is `ok`
and numbers, or an error. One thread, float64, compiled by `jit` before the clock starts; every call is waited for.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln, logsumexp

jax.config.update("jax_enable_x64", True)


def array(x):
    return jnp.asarray(x, dtype=jnp.float64)


def gmm(data):
    d, k, n, m, gamma = (data[key] for key in ("d", "k", "n", "m", "gamma"))
    points = array(data["x"])
    columns, rows = jnp.triu_indices(d, 1)
    freedom = d + m + 1
    ln_gamma_d = d * (d - 1) / 4 * jnp.log(jnp.pi) + gammaln(0.5 * (freedom - jnp.arange(d))).sum()
    constant = k * (freedom * d * jnp.log(gamma / jnp.sqrt(2)) - ln_gamma_d) - n * d / 2 * jnp.log(2 * jnp.pi)

    def f(parameters):
        alpha, mu, q, l = (parameters[key] for key in ("alpha", "mu", "q", "l"))
        diagonal, trace = jnp.exp(q), q.sum(1)
        below = jnp.zeros((k, d, d)).at[:, rows, columns].set(l)
        root = below + diagonal[:, :, None] * jnp.eye(d)
        y = jnp.matmul(points - mu[:, None], root.swapaxes(1, 2))
        beta = (alpha + trace)[:, None] - 0.5 * (y * y).sum(2)
        likelihood = logsumexp(beta, 0).sum() - n * logsumexp(alpha)
        prior = 0.5 * gamma * gamma * ((diagonal * diagonal).sum() + (l * l).sum()) - m * trace.sum()
        return likelihood - prior + constant

    parameters = {key: array(data[key]).reshape(k, -1) for key in ("mu", "q", "l")}
    return f, jax.grad(f), parameters | {"alpha": array(data["alpha"])}


def kmeans(data):
    points = array(data["points"])

    def f(centroids):
        return ((points[:, None] - centroids) ** 2).sum(2).min(1).sum()

    def direction(centroids):
        gradient, diagonal = jax.jvp(jax.grad(f), (centroids,), (jnp.ones_like(centroids),))
        return gradient / diagonal

    return f, direction, array(data["centroids"])


def lse(data):
    return logsumexp, jax.grad(logsumexp), array(data["x"])


def llsq(data):
    t = jnp.linspace(-1, 1, data["n"])

    def f(x):
        return 0.5 * ((jnp.sign(t) - jnp.polyval(x[::-1], t, unroll=16)) ** 2).sum()

    return f, jax.grad(f), array(data["x"])


def ode(data):
    h = 2 / data["s"]

    def f(x):
        def rates(y):
            return x * jnp.concatenate([jnp.ones(1), y[:-1]])

        def step(y, _):
            k1 = rates(y)
            k2 = rates(y + 0.5 * h * k1)
            k3 = rates(y + 0.5 * h * k2)
            k4 = rates(y + h * k3)
            return y + h / 6 * (k1 + 2 * (k2 + k3) + k4), None

        return jax.lax.scan(step, jnp.zeros_like(x), None, length=data["s"])[0]

    return f, jax.grad(lambda x: f(x)[-1]), array(data["x"])


EVALS = {f.__name__: f for f in (gmm, kmeans, lse, llsq, ode)}


class Server:
    def __init__(self):
        self.functions, self.x = {}, None

    def answer(self, verb, rest):
        if verb == "program":
            name, data = rest.split(" ", 1)
            if name not in EVALS:
                raise ValueError(f"{name} is not among the evals of evals.py: {', '.join(EVALS)}")
            primal, derivative, self.x = EVALS[name](json.loads(data))
            self.functions = {"primal": jax.jit(primal), "derivative": jax.jit(derivative)}
            return []
        if verb in self.functions:
            leaves = jax.tree.leaves(self.functions[verb](self.x))
            return [number for leaf in leaves for number in leaf.reshape(-1).tolist()]
        if verb == "time":
            function, calls = rest.split()
            function, calls = self.functions[function], int(calls)
            start = time.perf_counter_ns()
            for _ in range(calls):
                jax.block_until_ready(function(self.x))
            return [(time.perf_counter_ns() - start) / calls]
        raise ValueError(f"unknown request `{verb}`: program, primal, derivative or time, in this order")


def serve():
    server = Server()
    print("ok", flush=True)
    for request in sys.stdin:
        verb, _, rest = request.strip().partition(" ")
        try:
            print("ok", *map(repr, server.answer(verb, rest)), flush=True)
        except Exception as why:
            print("error:", str(why).replace("\n", " "), flush=True)


if __name__ == "__main__":
    serve()
