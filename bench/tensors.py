"""Tensor programs in PyTorch and JAX: a server that takes training steps, times itself, and says what memory it took.

    python3 -m venv peers && peers/bin/pip install jax==0.10.2 torch==2.15.0
    WENGERT_BENCH_PYTHON=$PWD/peers/bin/python cargo run --release --features tensor-peers -- tensors

`tensors.py SIDE WORKLOAD THREADS` answers requests, one per line: `load FILE RATE SHAPES | SHAPES` (float32 numbers one
after another: the parameters, then the data; shapes such as `128x784`), `gradient FILE` (writes the loss and its
derivatives by the parameters), `time CALLS` (nanoseconds of each step: the loss, its gradient and, where the rate is not
0, new parameters), `losses CALLS` (of further steps), `memory` (bytes of the process: at most in a step, and above what
it held before the first). An answer is `ok` and numbers, or an error.

The sides: `torch` (eager), `channels` (the same, with the channels of images last in memory), `reference` (`torch` in
float64), `jax` (compiled by `jit`), `eager` (JAX without it).
The workloads are those of `src/tensors/workload.rs`, written as the documentation of each framework writes them.
"""

import math
import os
import re
import sys
import time

SIDE, WORKLOAD, THREADS = sys.argv[1:4] if len(sys.argv) == 4 else sys.exit("usage: tensors.py SIDE WORKLOAD THREADS")
os.environ["OMP_NUM_THREADS"] = THREADS
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["NPROC"] = THREADS
if THREADS == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np

HEADS = 4
EPSILON = 1e-5
CHAIN = 250


class Torch:
    def __init__(self, dtype, images="contiguous_format"):
        import torch

        torch.set_num_threads(int(THREADS))
        self.torch, self.F = torch, torch.nn.functional
        self.dtype, self.images = getattr(torch, dtype), getattr(torch, images)

    def tensor(self, numbers):
        tensor = self.torch.tensor(numbers, dtype=self.dtype)
        return tensor.to(memory_format=self.images) if tensor.dim() == 4 else tensor

    def load(self, parameters, data, rate):
        self.parameters = [self.tensor(p).requires_grad_() for p in parameters]
        self.data = [self.tensor(d) for d in data]
        if WORKLOAD in LABELLED:
            self.data[LABELS] = self.data[LABELS].long()
        if WORKLOAD == "transformer":
            self.data[0] = self.data[0].long()
        self.rate = rate

    def gradient(self):
        loss = getattr(self, WORKLOAD)(self.parameters, *self.data)
        return loss.detach(), self.torch.autograd.grad(loss, self.parameters)

    def step(self):
        """On a CPU every call has ended when it returns."""
        loss, gradient = self.gradient()
        if self.rate:
            with self.torch.no_grad():
                for p, g in zip(self.parameters, gradient):
                    p.sub_(g, alpha=self.rate)
        return loss

    def mlp(self, parameters, x, labels):
        w1, b1, w2, b2, w3, b3 = parameters
        h = self.torch.addmm(b1, x, w1).relu()
        h = self.torch.addmm(b2, h, w2).relu()
        return self.F.cross_entropy(self.torch.addmm(b3, h, w3), labels)

    def cnn(self, parameters, x, labels):
        k1, b1, k2, b2, w, b = parameters
        h = self.F.max_pool2d(self.F.conv2d(x, k1, b1, padding=1).relu(), 2)
        h = self.F.max_pool2d(self.F.conv2d(h, k2, b2, padding=1).relu(), 2)
        return self.F.cross_entropy(self.torch.addmm(b, h.flatten(1), w), labels)

    def lstm(self, parameters, x, target):
        """`torch.nn.LSTM` keeps its matrices transposed and has a second bias."""
        w, u, b = parameters
        zero = x.new_zeros(1, x.shape[1], u.shape[0])
        weights = [w.T.contiguous(), u.T.contiguous(), b, self.torch.zeros_like(b)]
        y, _, _ = self.torch._VF.lstm(x, (zero, zero), weights, True, 1, 0.0, True, False, False)
        return ((y - target) ** 2).mean()

    def transformer(self, parameters, tokens, labels):
        F = self.F
        embedding, position, *blocks, gain, offset, w, b = parameters
        batch, length = tokens.shape
        x = F.embedding(tokens, embedding) + position
        width = x.shape[2]
        for i in range(0, len(blocks), 12):
            g1, o1, wqkv, bqkv, wo, bo, g2, o2, w1, b1, w2, b2 = blocks[i : i + 12]
            h = F.layer_norm(x, (width,), g1, o1, EPSILON) @ wqkv + bqkv
            q, k, v = h.view(batch, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
            h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width)
            x = x + (h @ wo + bo)
            h = F.layer_norm(x, (width,), g2, o2, EPSILON)
            x = x + (F.gelu(h @ w1 + b1) @ w2 + b2)
        logits = F.layer_norm(x, (width,), gain, offset, EPSILON) @ w + b
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten())

    def elementwise(self, parameters):
        x, w, b = parameters
        return ((x * w + b).tanh().exp() * x.sin()).sum()

    def chain(self, parameters, w, b):
        (x,) = parameters
        for _ in range(CHAIN):
            x = (x.sin() + b).tanh() * w
        return x.sum()


class Jax:
    def __init__(self, compiled):
        import jax
        import jax.numpy as jnp

        self.jax, self.jnp, self.compiled = jax, jnp, compiled

    def load(self, parameters, data, rate):
        jax = self.jax
        self.parameters = [self.jnp.asarray(p) for p in parameters]
        self.data = [self.jnp.asarray(d) for d in data]
        if WORKLOAD in LABELLED:
            self.data[LABELS] = self.data[LABELS].astype("int32")
        if WORKLOAD == "transformer":
            self.data[0] = self.data[0].astype("int32")
        gradient = jax.value_and_grad(getattr(self, WORKLOAD))

        def step(parameters, *data):
            loss, by = gradient(parameters, *data)
            return (loss, [p - rate * g for p, g in zip(parameters, by)]) if rate else (loss, by)

        self.trains = bool(rate)
        self.both, self.stepped = (jax.jit(gradient), jax.jit(step)) if self.compiled else (gradient, step)

    def gradient(self):
        return self.jax.block_until_ready(self.both(self.parameters, *self.data))

    def step(self):
        loss, after = self.jax.block_until_ready(self.stepped(self.parameters, *self.data))
        if self.trains:
            self.parameters = after
        return loss

    def cross_entropy(self, logits, labels):
        logs = self.jax.nn.log_softmax(logits)
        return -self.jnp.take_along_axis(logs, labels[..., None], -1).mean()

    def mlp(self, parameters, x, labels):
        w1, b1, w2, b2, w3, b3 = parameters
        relu = self.jax.nn.relu
        return self.cross_entropy(relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3, labels)

    def cnn(self, parameters, x, labels):
        lax, relu = self.jax.lax, self.jax.nn.relu
        k1, b1, k2, b2, w, b = parameters

        def layer(x, k, b):
            y = lax.conv_general_dilated(x, k, (1, 1), "SAME")
            y = relu(y + b[:, None, None])
            return lax.reduce_window(y, -self.jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

        h = layer(layer(x, k1, b1), k2, b2)
        return self.cross_entropy(h.reshape(len(h), -1) @ w + b, labels)

    def lstm(self, parameters, x, target):
        jnp, sigmoid = self.jnp, self.jax.nn.sigmoid
        w, u, b = parameters

        def cell(state, x):
            h, c = state
            i, f, g, o = jnp.split(x + h @ u, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
            h = sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zero = jnp.zeros((x.shape[1], u.shape[0]))
        _, y = self.jax.lax.scan(cell, (zero, zero), x @ w + b)
        return ((y - target) ** 2).mean()

    def layer_norm(self, x, gain, offset):
        x = x - x.mean(-1, keepdims=True)
        return x * self.jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + EPSILON) * gain + offset

    def transformer(self, parameters, tokens, labels):
        jnp, nn = self.jnp, self.jax.nn
        embedding, position, *blocks, gain, offset, w, b = parameters
        batch, length = tokens.shape
        x = embedding[tokens] + position
        width = x.shape[2]
        for i in range(0, len(blocks), 12):
            g1, o1, wqkv, bqkv, wo, bo, g2, o2, w1, b1, w2, b2 = blocks[i : i + 12]
            h = self.layer_norm(x, g1, o1) @ wqkv + bqkv
            q, k, v = h.reshape(batch, length, 3, HEADS, width // HEADS).transpose(2, 0, 3, 1, 4)
            p = nn.softmax(jnp.einsum("bhqd,bhkd->bhqk", q, k) / math.sqrt(width // HEADS))
            h = jnp.einsum("bhqk,bhkd->bqhd", p, v).reshape(batch, length, width)
            x = x + (h @ wo + bo)
            h = self.layer_norm(x, g2, o2)
            x = x + (nn.gelu(h @ w1 + b1, approximate=False) @ w2 + b2)
        return self.cross_entropy(self.layer_norm(x, gain, offset) @ w + b, labels)

    def elementwise(self, parameters):
        x, w, b = parameters
        return (self.jnp.exp(self.jnp.tanh(x * w + b)) * self.jnp.sin(x)).sum()

    def chain(self, parameters, w, b):
        (x,) = parameters
        for _ in range(CHAIN):
            x = self.jnp.tanh(self.jnp.sin(x) + b) * w
        return x.sum()


LABELS = 1
LABELLED = ["mlp", "cnn", "transformer"]
SIDES = {
    "torch": lambda: Torch("float32"),
    "channels": lambda: Torch("float32", "channels_last"),
    "reference": lambda: Torch("float64"),
    "jax": lambda: Jax(True),
    "eager": lambda: Jax(False),
}


class Server:
    def __init__(self):
        self.side = SIDES[SIDE]()
        self.before = status("VmRSS")

    def load(self, file, rate, *shapes):
        numbers, at, arrays = np.fromfile(file, dtype=np.float32), 0, ([], [])
        parameters = shapes.index("|")
        for i, shape in enumerate(shapes):
            if shape != "|":
                shape = [int(length) for length in shape.split("x")]
                end = at + math.prod(shape)
                arrays[i > parameters].append(numbers[at:end].reshape(shape))
                at = end
        assert at == len(numbers), "the shapes hold all numbers"
        self.side.load(*arrays, float(rate))
        return []

    def gradient(self, file):
        loss, by = self.side.gradient()
        flat = [np.ravel(np.asarray(x)) for x in (loss, *by)]
        np.concatenate(flat).astype(np.float64).tofile(file)
        return []

    def losses(self, calls):
        return [float(self.side.step()) for _ in range(int(calls))]

    def time(self, calls):
        """One thread: the time in which the process ran, since others may use the machine too; else on the clock."""
        now = time.process_time_ns if THREADS == "1" else time.perf_counter_ns
        self.side.step()
        times = []
        for _ in range(int(calls)):
            start = now()
            self.side.step()
            times.append(now() - start)
        return times

    def memory(self):
        """What compiling took is not asked."""
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
        self.side.step()
        return [status("VmHWM"), status("VmHWM") - self.before]


def status(field):
    with open("/proc/self/status") as status:
        return 1024 * int(re.search(field + r":\s*(\d+) kB", status.read())[1])


def serve():
    server = Server()
    print("ok", flush=True)
    for request in sys.stdin:
        verb, *words = request.split()
        try:
            print("ok", *map(repr, getattr(server, verb)(*words)), flush=True)
        except Exception as why:
            print("error:", str(why).replace("\n", " "), flush=True)


if __name__ == "__main__":
    serve()
