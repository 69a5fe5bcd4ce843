"""The heat equation's gradient in JAX: a server that differentiates explicit steps, times itself, and says what memory
it took.

    python3 -m venv peers && peers/bin/pip install jax==0.10.2 diffrax==0.7.2
    WENGERT_BENCH_PYTHON=$PWD/peers/bin/python cargo run --release -- checkpoint

`heat.py SIDE NUMBER` answers requests, one per line: `load FILE CELLS STEPS RATE` (the file holds the field at the
start, the conductivity and the field that was measured at the end, float64), `gradient` (the loss and its derivatives
by the first two), `time CALLS`, `memory` (bytes: of the process at most, above what it held before its first gradient,
and in buffers as XLA plans them). An answer is `ok` and numbers, or an error. One thread, float64, compiled before any
clock starts.

The sides: `all` (a scan), `levels N` (a scan over N segments under `jax.checkpoint`, each a scan of steps), `equinox N`
(`equinox.internal.while_loop`, checkpointed N times), `diffrax N` (its Euler solver under
`RecursiveCheckpointAdjoint`).
"""

import os
import re
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["EQX_ON_ERROR"] = "nan"

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def next_field(u, factor):
    """The field behind a step; it has edges of 0. (Of seven ways to write it, this is the fastest once compiled.)"""
    inside = u[1:-1, 1:-1]
    laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * inside
    return jnp.pad(inside + factor * laplacian, 1)


def stored(_):
    def run(step, u, steps):
        return jax.lax.scan(lambda u, _: (step(u), None), u, None, length=steps)[0]

    return run


def levels(segments):
    def run(step, u, steps):
        assert steps % segments == 0, "segments of one length"

        @jax.checkpoint
        def segment(u, _):
            return jax.lax.scan(lambda u, _: (step(u), None), u, None, length=steps // segments)[0], None

        return jax.lax.scan(segment, u, None, length=segments)[0]

    return run


def equinox(checkpoints):
    from equinox.internal import while_loop

    def run(step, u, steps):
        body = lambda carry: (step(carry[0]), carry[1] + 1)
        condition = lambda carry: carry[1] < steps
        return while_loop(condition, body, (u, 0), max_steps=steps, kind="checkpointed", checkpoints=checkpoints)[0]

    return run


def diffrax(checkpoints):
    import diffrax as dfx

    def run(step, u, steps):
        solution = dfx.diffeqsolve(
            dfx.ODETerm(lambda t, u, _: step(u) - u),
            dfx.Euler(),
            t0=0.0,
            t1=float(steps),
            dt0=1.0,
            y0=u,
            max_steps=steps,
            adjoint=dfx.RecursiveCheckpointAdjoint(checkpoints=checkpoints),
        )
        return solution.ys[0]

    return run


SIDES = {"all": stored, "levels": levels, "equinox": equinox, "diffrax": diffrax}


class Heat:
    def __init__(self, run, file, cells, steps, rate):
        cells, steps, rate = int(cells), int(steps), float(rate)
        fields = np.fromfile(file).reshape(3, cells, cells)
        self.start, self.conductivity, measured = map(jnp.asarray, fields)

        def loss(start, conductivity, measured):
            step = lambda u: next_field(u, rate * conductivity)
            return ((run(step, jnp.pad(start, 1), steps)[1:-1, 1:-1] - measured) ** 2).sum()

        arguments = (self.start, self.conductivity, measured)
        self.ready = jax.jit(jax.value_and_grad(loss, (0, 1))).lower(*arguments).compile()
        self.buffers = self.ready.memory_analysis().temp_size_in_bytes
        self.call = lambda: jax.block_until_ready(self.ready(*arguments))
        forget_peak()
        self.before, self.peak = now(), None

    def gradient(self):
        value, by = self.call()
        if self.peak is None:
            self.peak = peak()
        return [float(value), *np.concatenate([np.ravel(b) for b in by]).tolist()]

    def time(self, calls):
        """On the clock, or the time in which the process ran, whichever is less: others may use the machine too."""
        wall, processor = time.perf_counter_ns(), time.process_time_ns()
        for _ in range(int(calls)):
            self.call()
        return [min(time.perf_counter_ns() - wall, time.process_time_ns() - processor) / int(calls)]

    def memory(self):
        return [self.peak, self.peak - self.before, self.buffers]


def status(field):
    with open("/proc/self/status") as status:
        return 1024 * int(re.search(field + r":\s*(\d+) kB", status.read())[1])


def peak():
    return status("VmHWM")


def now():
    return status("VmRSS")


def forget_peak():
    """What compiling took is not asked."""
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")


def serve(run):
    heat = None
    print("ok", flush=True)
    for line in sys.stdin:
        verb, *words = line.split()
        try:
            if verb == "load":
                heat, answer = Heat(run, *words), []
            else:
                answer = getattr(heat, verb)(*words)
            print("ok", *map(repr, answer), flush=True)
        except Exception as why:
            print("error:", str(why).replace("\n", " "), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [side, number] if side in SIDES:
            serve(SIDES[side](int(number)))
        case _:
            sys.exit(f"usage: heat.py SIDE NUMBER, where SIDE is {', '.join(SIDES)}")
