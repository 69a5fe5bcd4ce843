"""JAX and PyTorch beside wengert: a server that differentiates programs and times itself.

    python3 -m venv peers && peers/bin/pip install jax==0.10.2 torch==2.15.0
    WENGERT_BENCH_PYTHON=$PWD/peers/bin/python cargo run --release -- report

`peers.py serve FRAMEWORK` answers requests, one per line: `program NAME DATA`, `gradient X`, `time CALLS X`. An answer
is `ok` and numbers, or an error. One thread, float64. Timed are value and gradient, from an array of the framework to an
array of the framework: JAX compiled by `jit` before the clock starts, PyTorch eager; every call is waited for.
The programs are those of `src/programs/gmm.rs` and `src/programs/brusselator.rs`, written over whole arrays.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"


class Jax:
    def __init__(self):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        self.jax, self.jnp = jax, jnp

    def ready(self, f):
        return self.jax.jit(self.jax.value_and_grad(f))

    def array(self, x):
        return self.jnp.asarray(x, dtype=self.jnp.float64)

    def wait(self, answer):
        self.jax.block_until_ready(answer)

    def gmm(self, data):
        jnp, logsumexp = self.jnp, self.jax.scipy.special.logsumexp
        d, k, m, gamma = data["d"], data["k"], data["m"], data["gamma"]
        points = self.array(data["data"]).reshape(-1, d)
        columns, rows = jnp.triu_indices(d, 1)

        def f(x):
            alpha, mu, q, l = jnp.split(x, [k, k + k * d, k + 2 * k * d])
            mu, q, l = mu.reshape(k, d), q.reshape(k, d), l.reshape(k, -1)
            diagonal, trace = jnp.exp(q), q.sum(1)
            below = jnp.zeros((k, d, d)).at[:, rows, columns].set(l)
            centred = points[:, None] - mu
            y = diagonal * centred + jnp.einsum("kij,nkj->nki", below, centred)
            beta = alpha + trace - 0.5 * (y * y).sum(2)
            likelihood = logsumexp(beta, 1).sum() - len(points) * logsumexp(alpha)
            prior = 0.5 * gamma * gamma * ((diagonal * diagonal).sum() + (l * l).sum()) - m * trace.sum()
            return likelihood - prior + data["constant"]

        return f

    def brusselator(self, data):
        jax, jnp = self.jax, self.jnp
        cells, h, ends = data["cells"], data["h"], data["ends"]

        def laplacian(c, end):
            padded = jnp.pad(c, 1, constant_values=end)
            return padded[:-2] - 2 * c + padded[2:]

        def f(x):
            y, (a, b, alpha) = x[: 2 * cells].reshape(2, cells), x[2 * cells :]
            k = alpha * (cells + 1) ** 2

            def rates(y):
                u, v = y
                reaction, consumed = u * u * v, b * u
                du = a + reaction - consumed - u + k * laplacian(u, ends[0])
                return jnp.stack([du, consumed - reaction + k * laplacian(v, ends[1])])

            def step(y, _):
                k1 = rates(y)
                k2 = rates(y + 0.5 * h * k1)
                k3 = rates(y + 0.5 * h * k2)
                k4 = rates(y + h * k3)
                return y + h / 6 * (k1 + 2 * (k2 + k3) + k4), None

            y, _ = jax.lax.scan(step, y, None, length=data["steps"])
            return (y * y).sum()

        return f


class Torch:
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
        self.torch = torch

    def ready(self, f):
        def value_and_gradient(x):
            x = x.detach().requires_grad_()
            y = f(x)
            y.backward()
            return y.detach(), x.grad

        return value_and_gradient

    def array(self, x):
        return self.torch.tensor(x)

    def wait(self, answer):
        pass  # on a CPU every call has ended when it returns

    def gmm(self, data):
        torch = self.torch
        d, k, m, gamma = data["d"], data["k"], data["m"], data["gamma"]
        points = self.array(data["data"]).reshape(-1, d)
        columns, rows = torch.triu_indices(d, d, 1)

        def f(x):
            alpha, mu, q, l = torch.split(x, [k, k * d, k * d, k * d * (d - 1) // 2])
            mu, q, l = mu.reshape(k, d), q.reshape(k, d), l.reshape(k, -1)
            diagonal, trace = q.exp(), q.sum(1)
            below = torch.zeros(k, d, d).index_put((torch.arange(k)[:, None], rows, columns), l)
            centred = points[:, None] - mu
            y = diagonal * centred + torch.einsum("kij,nkj->nki", below, centred)
            beta = alpha + trace - 0.5 * (y * y).sum(2)
            likelihood = torch.logsumexp(beta, 1).sum() - len(points) * torch.logsumexp(alpha, 0)
            prior = 0.5 * gamma * gamma * ((diagonal * diagonal).sum() + (l * l).sum()) - m * trace.sum()
            return likelihood - prior + data["constant"]

        return f

    def brusselator(self, data):
        torch = self.torch
        cells, h, ends = data["cells"], data["h"], self.array(data["ends"])[:, None]

        def laplacian(y):
            padded = torch.cat([ends, y, ends], 1)
            return padded[:, :-2] - 2 * y + padded[:, 2:]

        def f(x):
            y, (a, b, alpha) = x[: 2 * cells].reshape(2, cells), x[2 * cells :]
            k = alpha * (cells + 1) ** 2

            def rates(y):
                u, v = y
                reaction, consumed = u * u * v, b * u
                return torch.stack([a + reaction - consumed - u, consumed - reaction]) + k * laplacian(y)

            for _ in range(data["steps"]):
                k1 = rates(y)
                k2 = rates(y + 0.5 * h * k1)
                k3 = rates(y + 0.5 * h * k2)
                k4 = rates(y + h * k3)
                y = y + h / 6 * (k1 + 2 * (k2 + k3) + k4)
            return (y * y).sum()

        return f


FRAMEWORKS = {"jax": Jax, "torch": Torch}
PROGRAMS = ["gmm", "brusselator"]


def answer(framework, gradient, request):
    """The numbers of the answer, and the gradient function for the requests to come."""
    verb, rest = request.split(" ", 1)
    if verb == "program":
        name, data = rest.split(" ", 1)
        if name not in PROGRAMS:
            raise ValueError(f"{name} is not among the programs of peers.py: {', '.join(PROGRAMS)}")
        return [], framework.ready(getattr(framework, name)(json.loads(data)))
    if verb == "gradient":
        value, slopes = gradient(framework.array(json.loads(rest)))
        return [float(value), *slopes.tolist()], gradient
    if verb == "time":
        calls, x = rest.split(" ", 1)
        x = framework.array(json.loads(x))
        start = time.perf_counter_ns()
        for _ in range(int(calls)):
            framework.wait(gradient(x))
        return [(time.perf_counter_ns() - start) / int(calls)], gradient
    raise ValueError(f"unknown request `{verb}`: program, gradient or time")


def serve(name):
    framework, gradient = FRAMEWORKS[name](), None
    print("ok", flush=True)
    for request in sys.stdin:
        try:
            numbers, gradient = answer(framework, gradient, request)
            print("ok", *map(repr, numbers), flush=True)
        except Exception as why:
            print("error:", str(why).replace("\n", " "), flush=True)


def versions():
    from importlib.metadata import PackageNotFoundError, version

    found = [f"Python {sys.version.split()[0]}"]
    for package in ["jax", "torch"]:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            pass
    print(", ".join(found))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", name] if name in FRAMEWORKS:
            serve(name)
        case ["versions"]:
            versions()
        case _:
            sys.exit("usage: peers.py serve jax|torch, or peers.py versions")
