"""The same operations as JAX and PyTorch have them: `JAX[name](*arrays, **parameters)`, `TORCH[name](..)`."""

import math

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np
import torch
import torch.nn.functional as F

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
S = torch.special

# name: (JAX, PyTorch); None where one has not got it.
PAIRS = {
    "neg": (jnp.negative, torch.neg),
    "recip": (jnp.reciprocal, torch.reciprocal),
    "abs": (jnp.abs, torch.abs),
    "signum": (jnp.sign, torch.sign),
    "sqrt": (jnp.sqrt, torch.sqrt),
    "cbrt": (jnp.cbrt, None),
    "square": (jnp.square, torch.square),
    "powi": (lambda x, n: jax.lax.integer_pow(x, n), lambda x, n: torch.pow(x, n)),
    "powf": (lambda x, c: jnp.power(x, c), lambda x, c: torch.pow(x, c)),
    "exp": (jnp.exp, torch.exp),
    "exp2": (jnp.exp2, torch.exp2),
    "exp_m1": (jnp.expm1, torch.expm1),
    "ln": (jnp.log, torch.log),
    "log2": (jnp.log2, torch.log2),
    "log10": (jnp.log10, torch.log10),
    "ln_1p": (jnp.log1p, torch.log1p),
    "sin": (jnp.sin, torch.sin),
    "cos": (jnp.cos, torch.cos),
    "tan": (jnp.tan, torch.tan),
    "asin": (jnp.arcsin, torch.asin),
    "acos": (jnp.arccos, torch.acos),
    "atan": (jnp.arctan, torch.atan),
    "sinh": (jnp.sinh, torch.sinh),
    "cosh": (jnp.cosh, torch.cosh),
    "tanh": (jnp.tanh, torch.tanh),
    "asinh": (jnp.arcsinh, torch.asinh),
    "acosh": (jnp.arccosh, torch.acosh),
    "atanh": (jnp.arctanh, torch.atanh),
    "sin_pi": (None, None),
    "cos_pi": (None, None),
    "sinc": (jnp.sinc, torch.sinc),
    "sinc_deriv": (None, None),
    "to_degrees": (jnp.rad2deg, torch.rad2deg),
    "to_radians": (jnp.deg2rad, torch.deg2rad),
    "floor": (jnp.floor, torch.floor),
    "ceil": (jnp.ceil, torch.ceil),
    "round": (lambda x: jax.lax.round(x), None),
    "trunc": (jnp.trunc, torch.trunc),
    "fract": (lambda x: jnp.modf(x)[0], torch.frac),
    "stop_gradient": (jax.lax.stop_gradient, lambda x: x.detach()),
    "sigmoid": (jax.nn.sigmoid, torch.sigmoid),
    "ln_sigmoid": (jax.nn.log_sigmoid, F.logsigmoid),
    "softplus": (jax.nn.softplus, F.softplus),
    "relu": (jax.nn.relu, torch.relu),
    "leaky_relu": (lambda x, a: jax.nn.leaky_relu(x, a), lambda x, a: F.leaky_relu(x, a)),
    "elu": (lambda x, a: jax.nn.elu(x, a), lambda x, a: F.elu(x, a)),
    "selu": (jax.nn.selu, F.selu),
    "silu": (jax.nn.silu, F.silu),
    "gelu": (lambda x: jax.nn.gelu(x, approximate=False), F.gelu),
    "gelu_tanh": (lambda x: jax.nn.gelu(x, approximate=True), lambda x: F.gelu(x, approximate="tanh")),
    "gelu_gate": (None, None),
    "gelu_bell": (None, None),
    "softsign": (jax.nn.soft_sign, F.softsign),
    "mish": (jax.nn.mish, F.mish),
    "mish_gate": (None, None),
    "hard_sigmoid": (jax.nn.hard_sigmoid, F.hardsigmoid),
    "hard_tanh": (jax.nn.hard_tanh, F.hardtanh),
    "sech": (lambda x: 1 / jnp.cosh(x), lambda x: 1 / torch.cosh(x)),
    "erf": (jsp.erf, torch.erf),
    "erfc": (jsp.erfc, torch.erfc),
    "gauss": (lambda x: jnp.exp(-x * x), lambda x: torch.exp(-x * x)),
    "gamma": (jsp.gamma, None),
    "ln_gamma": (jsp.gammaln, torch.lgamma),
    "digamma": (jsp.digamma, torch.digamma),
    "polygamma": (lambda x, n: jsp.polygamma(n, x), lambda x, n: torch.polygamma(n, x)),
    "norm_cdf": (jsp.ndtr, S.ndtr),
    "norm_ln_cdf": (jsp.log_ndtr, S.log_ndtr),
    "norm_inv_cdf": (jsp.ndtri, S.ndtri),
    "norm_sparsity": (None, None),
    "norm_pdf": (jax.scipy.stats.norm.pdf, lambda x: torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
    "mills": (None, None),
    "add": (jnp.add, torch.add),
    "sub": (jnp.subtract, torch.sub),
    "mul": (jnp.multiply, torch.mul),
    "div": (jnp.divide, torch.div),
    "rem": (jnp.fmod, torch.fmod),
    "strong_mul": (None, None),
    "pow": (jnp.power, torch.pow),
    "atan2": (jnp.arctan2, torch.atan2),
    "hypot": (jnp.hypot, torch.hypot),
    "direction": (lambda a, b: a / jnp.hypot(a, b), lambda a, b: a / torch.hypot(a, b)),
    "maximum": (jnp.maximum, torch.maximum),
    "minimum": (jnp.minimum, torch.minimum),
    "copysign": (jnp.copysign, torch.copysign),
    "log": (lambda x, b: jnp.log(x) / jnp.log(b), lambda x, b: torch.log(x) / torch.log(b)),
    "xlogy": (jsp.xlogy, S.xlogy),
    "exp_sub": (lambda a, b: jnp.exp(a - b), lambda a, b: torch.exp(a - b)),
    "ln_add_exp": (jnp.logaddexp, torch.logaddexp),
    "mul_add": (lambda a, b, c: a * b + c, lambda a, b, c: a * b + c),
    "clamp": (jnp.clip, torch.clamp),
    "lt": (jnp.less, torch.lt),
    "le": (jnp.less_equal, torch.le),
    "gt": (jnp.greater, torch.gt),
    "ge": (jnp.greater_equal, torch.ge),
    "eq_to": (jnp.equal, torch.eq),
    "ne_to": (jnp.not_equal, torch.ne),
    "and": (jnp.logical_and, torch.logical_and),
    "or": (jnp.logical_or, torch.logical_or),
    "not": (jnp.logical_not, torch.logical_not),
    "select": (jnp.where, torch.where),
    "masked_fill": (lambda x, m, value: jnp.where(m, value, x), lambda x, m, value: torch.masked_fill(x, m, value)),
    "cast": (lambda x, dtype: x.astype(NUMPY[dtype]), lambda x, dtype: x.to(TORCH_TYPES[dtype])),
    "map": (lambda x: jnp.sin(x) * jnp.exp(x), lambda x: torch.sin(x) * torch.exp(x)),
    "map_many": (lambda a, b: a * jnp.tanh(b), lambda a, b: a * torch.tanh(b)),
    "guarded_sqrt": (lambda x: jnp.where(x > 0, jnp.sqrt(x), 0), lambda x: torch.where(x > 0, torch.sqrt(x), 0)),
    "reshape": (lambda x, shape: jnp.reshape(x, shape), lambda x, shape: torch.reshape(x, shape)),
    "flatten": (jnp.ravel, torch.flatten),
    "permute": (lambda x, axes: jnp.transpose(x, axes), lambda x, axes: x.permute(axes)),
    "transpose": (jnp.matrix_transpose, lambda x: x.transpose(-1, -2)),
    "swap_axes": (lambda x, a, b: jnp.swapaxes(x, a, b), lambda x, a, b: x.swapaxes(a, b)),
    "move_axis": (lambda x, a, b: jnp.moveaxis(x, a, b), lambda x, a, b: x.moveaxis(a, b)),
    "expand": (lambda x, shape: jnp.broadcast_to(x, shape), lambda x, shape: torch.broadcast_to(x, shape)),
    "unsqueeze": (lambda x, axis: jnp.expand_dims(x, axis), lambda x, axis: torch.unsqueeze(x, axis)),
    "squeeze": (lambda x, axis: jnp.squeeze(x, axis), lambda x, axis: torch.squeeze(x, axis)),
    "slice": (lambda x, at: x[slices(at)], None),
    "index": (lambda x, at: x[at], lambda x, at: x[at]),
    "take": (lambda x, i, axis: jnp.take(x, i, axis), lambda x, i, axis: torch_take(x, i, axis)),
    "take_along": (lambda x, i, axis: jnp.take_along_axis(x, i, axis), lambda x, i, axis: torch.take_along_dim(x, i, axis)),
    "scatter_add": (lambda x, i, v, axis: jax_scatter(x, i, v, axis), lambda x, i, v, axis: torch.index_add(x, axis, i, v)),
    "set": (lambda x, b, at: x.at[slices(at)].set(b), None),
    "add_at": (lambda x, b, at: x.at[slices(at)].add(b), None),
    "scatter": (lambda x, i, v, axis: jax_scatter(x, i, v, axis, "set"), lambda x, i, v, axis: torch.index_copy(x, axis, i, v)),
    "index_by": (lambda x, *i: x[i], lambda x, *i: x[i]),
    "nonzero": (jnp.argwhere, torch.nonzero),
    "masked_select": (None, torch.masked_select),
    "broadcast": (lambda *xs: jnp.broadcast_arrays(*xs), lambda *xs: torch.broadcast_tensors(*xs)),
    "repeat_interleave": (lambda x, times, axis: jnp.repeat(x, times, axis), lambda x, times, axis: torch.repeat_interleave(x, times, axis)),
    "concat": (lambda *xs, axis: jnp.concatenate(xs, axis), lambda *xs, axis: torch.cat(xs, axis)),
    "stack": (lambda *xs, axis: jnp.stack(xs, axis), lambda *xs, axis: torch.stack(xs, axis)),
    "split": (lambda x, sizes, axis: jnp.split(x, np.cumsum(sizes)[:-1], axis), lambda x, sizes, axis: torch.split(x, sizes, axis)),
    "chunk": (lambda x, n, axis: jnp.split(x, n, axis), lambda x, n, axis: torch.chunk(x, n, axis)),
    "pad": (lambda x, widths, mode, value=0.0: jax_pad(x, widths, mode, value), None),
    "flip": (lambda x, axes: jnp.flip(x, axes), lambda x, axes: torch.flip(x, axes)),
    "roll": (lambda x, shift, axis: jnp.roll(x, shift, axis), lambda x, shift, axis: torch.roll(x, shift, axis)),
    "repeat": (lambda x, counts: jnp.tile(x, counts), lambda x, counts: torch.tile(x, counts)),
    "tril": (lambda x, k: jnp.tril(x, k), lambda x, k: torch.tril(x, k)),
    "triu": (lambda x, k: jnp.triu(x, k), lambda x, k: torch.triu(x, k)),
    "window": (None, lambda x, size, step, axis: x.unfold(axis, size, step)),
    "fold": (None, None),
    "window_dilated": (None, None),
    "fold_dilated": (None, None),
    "diagonal": (lambda x, a, b: jnp.diagonal(x, 0, a, b), lambda x, a, b: torch.diagonal(x, 0, a, b)),
    "diagonal_at": (lambda x, a, b, offset: jnp.diagonal(x, offset, a, b), lambda x, a, b, offset: torch.diagonal(x, offset, a, b)),
    "trace": (lambda x: jnp.trace(x, axis1=-2, axis2=-1), lambda x: torch.diagonal(x, 0, -2, -1).sum(-1)),
    "one_hot": (lambda x, classes: jax.nn.one_hot(x, classes, dtype=jnp.float64), lambda x, classes: F.one_hot(x, classes).double()),
    "sum": (lambda x, **a: jnp.sum(x, **by_jax(a)), lambda x, **a: torch.sum(x, **by_torch(x, a))),
    "mean": (lambda x, **a: jnp.mean(x, **by_jax(a)), lambda x, **a: torch.mean(x, **by_torch(x, a))),
    "prod": (lambda x, **a: jnp.prod(x, **by_jax(a)), lambda x, **a: torch_prod(x, **by_torch(x, a))),
    "max": (lambda x, **a: jnp.max(x, **by_jax(a)), lambda x, **a: torch.amax(x, **by_torch(x, a))),
    "min": (lambda x, **a: jnp.min(x, **by_jax(a)), lambda x, **a: torch.amin(x, **by_torch(x, a))),
    "argmax": (lambda x, axis: jnp.argmax(x, axis), lambda x, axis: torch.argmax(x, axis)),
    "argmin": (lambda x, axis: jnp.argmin(x, axis), lambda x, axis: torch.argmin(x, axis)),
    "var": (lambda x, **a: jnp.var(x, **by_jax(a)), lambda x, **a: torch.var(x, correction=0, **by_torch(x, a))),
    "std": (lambda x, **a: jnp.std(x, **by_jax(a)), lambda x, **a: torch.std(x, correction=0, **by_torch(x, a))),
    "var_with": (lambda x, ddof, **a: jnp.var(x, ddof=ddof, **by_jax(a)), lambda x, ddof, **a: torch.var(x, correction=ddof, **by_torch(x, a))),
    "std_with": (lambda x, ddof, **a: jnp.std(x, ddof=ddof, **by_jax(a)), lambda x, ddof, **a: torch.std(x, correction=ddof, **by_torch(x, a))),
    "count_nonzero": (lambda x, **a: jnp.count_nonzero(x, **by_jax(a)), None),
    "norm": (lambda x, **a: jnp.sqrt(jnp.sum(x * x, **by_jax(a))), lambda x, **a: torch.linalg.vector_norm(x, **by_torch(x, a))),
    "log_sum_exp": (lambda x, **a: jax.nn.logsumexp(x, **by_jax(a)), lambda x, **a: torch.logsumexp(x, **by_torch(x, a))),
    "any": (lambda x, **a: jnp.any(x, **by_jax(a)), None),
    "all": (lambda x, **a: jnp.all(x, **by_jax(a)), None),
    "softmax": (lambda x, axes: jax.nn.softmax(x, by_jax({"axes": axes})["axis"]), lambda x, axes: torch.softmax(x, axes) if isinstance(axes, int) else None),
    "log_softmax": (lambda x, axes: jax.nn.log_softmax(x, by_jax({"axes": axes})["axis"]), lambda x, axes: torch.log_softmax(x, axes) if isinstance(axes, int) else None),
    "cumsum": (lambda x, axis: jnp.cumsum(x, axis), lambda x, axis: torch.cumsum(x, axis)),
    "cumprod": (lambda x, axis: jnp.cumprod(x, axis), lambda x, axis: torch.cumprod(x, axis)),
    "sort": (lambda x, axis: jnp.sort(x, axis), lambda x, axis: torch.sort(x, dim=axis, stable=True)[0]),
    "sort_descending": (lambda x, axis: jnp.sort(x, axis, descending=True), lambda x, axis: torch.sort(x, dim=axis, stable=True, descending=True)[0]),
    "argsort": (lambda x, axis: jnp.argsort(x, axis, stable=True), lambda x, axis: torch.argsort(x, dim=axis, stable=True)),
    "argsort_descending": (lambda x, axis: jnp.argsort(x, axis, stable=True, descending=True), lambda x, axis: torch.argsort(x, dim=axis, stable=True, descending=True)),
    "top_k": (lambda x, k, axis: [jnp.moveaxis(o, -1, axis) for o in jax.lax.top_k(jnp.moveaxis(x, axis, -1), k)], lambda x, k, axis: list(torch.topk(x, k, axis))),
    "matmul": (jnp.matmul, torch.matmul),
    "dot": (jnp.matmul, torch.matmul),
    "outer": (jnp.outer, torch.outer),
    "einsum": (lambda *xs, spec: jnp.einsum(spec, *xs), lambda *xs, spec: torch.einsum(spec, *xs)),
    "cross_entropy": (None, lambda x, t, smoothing=0.0, ignore=-100, axis=-1, reduction="mean": torch_cross_entropy(x, t, smoothing, ignore, axis, reduction)),
    "sigmoid_cross_entropy": (None, lambda x, t, reduction="mean": F.binary_cross_entropy_with_logits(x, t, reduction=reduction.replace("each", "none"))),
    "normalise": (lambda x, m, v, eps: (x - m) / jnp.sqrt(v + eps), lambda x, m, v, eps: (x - m) / torch.sqrt(v + eps)),
    "layer_norm": (lambda x, axes, eps: jax_layer_norm(x, axes, eps), lambda x, axes, eps: torch_layer_norm(x, axes, eps)),
    "rms_norm": (lambda x, axes, eps: jax_rms_norm(x, axes, eps), lambda x, axes, eps: F.rms_norm(x, (x.shape[-1],), eps=eps) if axes == -1 else None),
    "batch_statistics": (lambda x, axes: [jnp.mean(x, **by_jax({"axes": axes})), jnp.var(x, **by_jax({"axes": axes}))], lambda x, axes: [torch.mean(x, axes), torch.var(x, axes, correction=0)]),
    "zeros": (lambda shape, dtype: jnp.zeros(shape, NUMPY[dtype]), lambda shape, dtype: torch.zeros(shape, dtype=TORCH_TYPES[dtype])),
    "ones": (lambda shape, dtype: jnp.ones(shape, NUMPY[dtype]), lambda shape, dtype: torch.ones(shape, dtype=TORCH_TYPES[dtype])),
    "full": (lambda shape, value, dtype: jnp.full(shape, value, NUMPY[dtype]), lambda shape, value, dtype: torch.full(shape, value, dtype=TORCH_TYPES[dtype])),
    "arange": (lambda start, stop, step: jnp.arange(start, stop, step, dtype=jnp.float64), lambda start, stop, step: torch.arange(start, stop, step, dtype=torch.float64)),
    "iota": (lambda n: jnp.arange(n), lambda n: torch.arange(n)),
    "linspace": (lambda a, b, n: jnp.linspace(a, b, n), lambda a, b, n: torch.linspace(a, b, n, dtype=torch.float64)),
    "eye": (lambda n, dtype: jnp.eye(n, dtype=NUMPY[dtype]), lambda n, dtype: torch.eye(n, dtype=TORCH_TYPES[dtype])),
}  # fmt: skip

NUMPY = {"f64": np.float64, "f32": np.float32, "i64": np.int64, "bool": np.bool_}
TORCH_TYPES = {"f64": torch.float64, "f32": torch.float32, "i64": torch.int64, "bool": torch.bool}


def slices(text):
    part = lambda p: ... if p == "..." else int(p) if ":" not in p else slice(*[int(s) if s else None for s in p.split(":")])
    return tuple(part(p) for p in text.split(","))


def by_jax(a):
    axes = a.get("axes", "all")
    axis = None if axes == "all" else axes if isinstance(axes, int) else tuple(axes)
    return {"axis": axis} | ({"keepdims": a["keep"]} if "keep" in a else {})


def by_torch(x, a):
    axes = a.get("axes", "all")
    dim = tuple(range(x.ndim)) if axes == "all" else axes if isinstance(axes, int) else tuple(axes)
    return {"dim": dim} | ({"keepdim": a["keep"]} if "keep" in a else {})


def torch_prod(x, dim, keepdim=False):
    for d in sorted([dim] if isinstance(dim, int) else dim, key=lambda d: -(d % x.ndim)):
        x = torch.prod(x, d, keepdim)
    return x


def torch_take(x, i, axis):
    flat = torch.index_select(x, axis, i.reshape(-1))
    return flat.reshape(x.shape[: axis % x.ndim] + i.shape + x.shape[axis % x.ndim + 1 :])


def jax_scatter(x, i, v, axis, how="add"):
    return jnp.moveaxis(getattr(jnp.moveaxis(x, axis, 0).at[i], how)(jnp.moveaxis(v, axis, 0)), 0, axis)


def jax_pad(x, widths, mode, value):
    return jnp.pad(x, widths, "constant", constant_values=value) if mode == "constant" else jnp.pad(x, widths, mode)


def torch_cross_entropy(x, t, smoothing, ignore, axis, reduction):
    """PyTorch has the classes along axis 1."""
    t = torch.movedim(t, axis, 1 if x.ndim > 1 else 0) if t.shape == x.shape else t
    x = torch.movedim(x, axis, 1 if x.ndim > 1 else 0)
    return F.cross_entropy(x, t, label_smoothing=smoothing, ignore_index=ignore, reduction=reduction.replace("each", "none"))


def jax_layer_norm(x, axes, eps):
    a = by_jax({"axes": axes, "keep": True})
    return (x - jnp.mean(x, **a)) / jnp.sqrt(jnp.var(x, **a) + eps)


def torch_layer_norm(x, axes, eps):
    return F.layer_norm(x, (x.shape[-1],), eps=eps) if axes == -1 else None


def jax_rms_norm(x, axes, eps):
    return x / jnp.sqrt(jnp.mean(x * x, **by_jax({"axes": axes, "keep": True})) + eps)


# ----------------------------------------------------------------------------------------------------------------------
# Value, gradient and Hessian-vector product by each


def view_jax(x, view):
    return VIEWS[view[0]][0](x, *view[1:]) if view else x


def view_torch(x, view):
    return VIEWS[view[0]][1](x, *view[1:]) if view else x


VIEWS = {
    "transpose": (lambda x: x.T, lambda x: x.permute(*reversed(range(x.ndim)))),
    "step": (lambda x: x[..., ::2], lambda x: x[..., ::2]),
    "reverse": (lambda x: x[::-1], lambda x: torch.flip(x, (0,))),
    "expand": (lambda x, shape: jnp.broadcast_to(x, shape), lambda x, shape: torch.broadcast_to(x, tuple(shape))),
}


def outputs(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


def ask_jax(name, case):
    f = PAIRS[name][0]
    if f is None:
        return None
    arrays = [jnp.asarray(np.array(i.numbers, NUMPY[i.dtype]).reshape(i.shape)) for i in case.inputs]
    active = [k for k, i in enumerate(case.inputs) if i.dtype in ("f64", "f32")]

    def call(*real):
        all_ = list(arrays)
        for k, x in zip(active, real):
            all_[k] = x
        return outputs(f(*[view_jax(x, i.view) for x, i in zip(all_, case.inputs)], **case.parameters))

    ys = call(*[arrays[k] for k in active])

    def loss(*real, square=case.square):
        parts = [(o, w) for o, w in zip(call(*real), case.ybar) if w is not None]
        return sum(jnp.sum(jnp.asarray(w) * (o * o if square else o)) for o, w in parts)

    xbar = hv = None
    if case.ybar and any(w is not None for w in case.ybar) and active:
        places, real = tuple(range(len(active))), [arrays[k] for k in active]
        gradient = lambda square: jax.grad(lambda *r: loss(*r, square=square), argnums=places)
        xbar = gradient(False)(*real)
        if case.v:
            vs = [jnp.asarray(np.array(v, x.dtype).reshape(x.shape)) for v, x in zip(case.v, real)]
            hv = jax.jvp(gradient(case.square), tuple(real), tuple(vs))[1]
    flat = lambda arrays: None if arrays is None else [np.asarray(a).reshape(-1).tolist() for a in arrays]
    return flat(ys), flat(xbar), flat(hv), [list(np.shape(y)) for y in ys]


def ask_torch(name, case):
    f = PAIRS[name][1]
    if f is None:
        return None
    real = lambda i: i.dtype in ("f64", "f32")
    arrays = [torch.tensor(np.array(i.numbers, NUMPY[i.dtype]).reshape(i.shape), requires_grad=real(i)) for i in case.inputs]
    active = [x for x, i in zip(arrays, case.inputs) if real(i)]
    y = f(*[view_torch(x, i.view) for x, i in zip(arrays, case.inputs)], **case.parameters)
    if y is None:
        return None
    ys = outputs(y)

    def gradient(square):
        parts = [(o, w) for o, w in zip(ys, case.ybar) if w is not None]
        loss = sum(torch.sum(torch.tensor(np.asarray(w)) * (o * o if square else o)) for o, w in parts)
        if not loss.requires_grad:
            return [torch.zeros_like(x) for x in active]
        found = torch.autograd.grad(loss, active, create_graph=True, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for x, g in zip(active, found)]

    xbar = hv = None
    if case.ybar and any(w is not None for w in case.ybar) and active:
        xbar = gradient(False)
        if case.v:
            vs = [torch.tensor(np.array(v)).to(x.dtype).reshape(x.shape) for v, x in zip(case.v, active)]
            along = sum(torch.sum(g * v) for g, v in zip(gradient(case.square), vs))
            hv = [torch.zeros_like(x) for x in active]
            if along.requires_grad:
                found = torch.autograd.grad(along, active, allow_unused=True)
                hv = [z if g is None else g for z, g in zip(hv, found)]
    flat = lambda arrays: None if arrays is None else [a.detach().numpy().reshape(-1).tolist() for a in arrays]
    return flat(ys), flat(xbar), flat(hv), [list(y.shape) for y in ys]
