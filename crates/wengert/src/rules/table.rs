//! The table: one row per scalar primitive, and the only file edited to add one.
//!
//! A row says, in this order: one sentence; the name of its type, its own name, its operands (a passive parameter after
//! them) and the name of its value; the value over plain `f64` (`value` where the expression is std's and so serves
//! `f32` too, `value64` elsewhere); the derivative, over any [`Elementary`](super::Elementary) number, in its *stable*
//! form; whether it is `Smooth`, `Selects` an operand where a partial is exactly 0, or is piecewise `Constant`; where
//! the derivative is defined; the convention at kinks; the magnitudes around irrational zeros of value, first and
//! second derivative at which errors are absolute (0: relative everywhere; with several operands a multiple of the
//! greatest partial derivative of that order); their greatest errors in ulps; and the range of each operand that the
//! accuracy tests sample.
//!
//! A family of functions that occur in derivatives is closed by rows of its own (`sech`, `sinc_deriv(n)`, `mills(n)`,
//! `polygamma(n)`, `direction`, `gelu_gate`, ..): so no order of derivative is a difference of nearly equal numbers.

macro_rules! with_rules { ($callback:path $(, $($args:tt)*)?) => { $callback! { $($($args)*)?
unary {
    /// Negation.
    Neg neg(x) = y {
        value: -x; d: R::lit(-1.0); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Reciprocal, `1/x`.
    Recip recip(x) = y {
        value: 1.0 / x; d: -(y * y); kind: Smooth; domain: x != 0.0; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 3.0, 4.0); on: [(-1e300, 1e300)];
    }
    /// Absolute value.
    Abs abs(x) = y {
        value: x.abs();
        d: { let zero = R::lit(0.0);
             R::select(x.is_gt(zero), R::lit(1.0), R::select(x.is_lt(zero), R::lit(-1.0), zero)) };
        kind: Selects; domain: x != 0.0; kink: "0 at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The sign: 1 or -1, of zeros too.
    Signum signum(x) = y {
        value: x.signum(); d: R::lit(0.0); kind: Constant; domain: x != 0.0; kink: "0 at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Square root.
    Sqrt sqrt(x) = y {
        value: x.sqrt(); d: y.recip() * 0.5; kind: Smooth; domain: x > 0.0; kink: "inf at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 1.5, 5.0); on: [(0.0, 1e300)];
    }
    /// Cube root.
    Cbrt cbrt(x) = y {
        value: x.cbrt(); d: (y * y * 3.0).recip(); kind: Smooth; domain: x != 0.0; kink: "inf at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 3.0, 8.0); on: [(-1e300, 1e300)];
    }
    /// Square.
    Square square(x) = y {
        value: x * x; d: x * 2.0; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1.3e154, 1.3e154)];
    }
    /// Integer power `x^n`; `n` is passive.
    Powi powi(x, n: i32) = y {
        value64: special::powi(x, n);
        d: if n == 0 { R::lit(0.0) } else { x.powi(n.saturating_sub(1)) * f64::from(n) };
        kind: Smooth; domain: x != 0.0 || n >= 0; kink: "0 for n = 0";
        zeros: (0.0, 0.0, 0.0); ulp: (3.0, 3.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// Power `x^c` with a passive exponent.
    Powf powf(x, c: f64) = y {
        value64: x.powf(c);
        d: if c == 0.0 {
               R::lit(0.0)
           } else if c >= 0.5 {
               x.powf(c - 1.0) * c // the difference is exact
           } else {
               R::select(x.is_eq(R::lit(0.0)), x.powf(c - 1.0) * c, y * c / x)
           };
        kind: Smooth; domain: x > 0.0 || (c == c.trunc() && (x != 0.0 || c >= 0.0)) || (x == 0.0 && c >= 1.0);
        kink: "0 for c = 0";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 3.0, 4.0); on: [(0.0, 1e300)];
    }
    /// Exponential.
    Exp exp(x) = y {
        value: x.exp(); d: y; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 1.0, 1.0); on: [(-1e300, 709.7)];
    }
    /// Power of two, `2^x`.
    Exp2 exp2(x) = y {
        value: x.exp2(); d: y * LN_2; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 3.0); on: [(-1e300, 1023.9)];
    }
    /// `e^x - 1`, accurate near 0.
    ExpM1 exp_m1(x) = y {
        value: x.exp_m1(); d: x.exp(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 1.0, 1.0); on: [(-1e300, 709.7)];
    }
    /// Natural logarithm.
    Ln ln(x) = y {
        value: x.ln(); d: x.recip(); kind: Smooth; domain: x > 0.0; kink: "inf at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 1.0, 3.0); on: [(0.0, 1e300)];
    }
    /// Logarithm to base 2.
    Log2 log2(x) = y {
        value: x.log2(); d: x.recip() * LOG2_E; kind: Smooth; domain: x > 0.0; kink: "inf at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 1.5, 3.0); on: [(0.0, 1e300)];
    }
    /// Logarithm to base 10.
    Log10 log10(x) = y {
        value: x.log10(); d: (x * LN_10).recip(); kind: Smooth; domain: x > 0.0; kink: "inf at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 3.0, 5.0); on: [(0.0, 1e300)];
    }
    /// `ln(1 + x)`, accurate near 0.
    Ln1p ln_1p(x) = y {
        value: x.ln_1p(); d: (x + 1.0).recip(); kind: Smooth; domain: x > -1.0; kink: "inf at -1";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 4.0); on: [(-1.0, 1e300)];
    }
    /// Sine.
    Sin sin(x) = y {
        value: x.sin(); d: x.cos(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 1.0, 1.0); on: [(-1e300, 1e300)];
    }
    /// Cosine.
    Cos cos(x) = y {
        value: x.cos(); d: -x.sin(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 1.0, 1.0); on: [(-1e300, 1e300)];
    }
    /// Tangent.
    Tan tan(x) = y {
        value: x.tan(); d: y * y + 1.0; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 4.0); on: [(-1e300, 1e300)];
    }
    /// Arcsine.
    Asin asin(x) = y {
        value: x.asin(); d: (-x).mul_add(x, R::lit(1.0)).sqrt().recip();
        kind: Smooth; domain: x.abs() < 1.0; kink: "inf at -1 and 1";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 6.0); on: [(-1.0, 1.0)];
    }
    /// Arccosine.
    Acos acos(x) = y {
        value: x.acos(); d: -(-x).mul_add(x, R::lit(1.0)).sqrt().recip();
        kind: Smooth; domain: x.abs() < 1.0; kink: "-inf at -1 and 1";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 6.0); on: [(-1.0, 1.0)];
    }
    /// Arctangent.
    Atan atan(x) = y {
        value: x.atan(); d: { let r = x.hypot(R::lit(1.0)).recip(); r * r }; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 4.0, 6.0); on: [(-1e300, 1e300)];
    }
    /// Hyperbolic sine.
    Sinh sinh(x) = y {
        value: x.sinh(); d: x.cosh(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 1.5, 1.5); on: [(-710.4, 710.4)];
    }
    /// Hyperbolic cosine.
    Cosh cosh(x) = y {
        value: x.cosh(); d: x.sinh(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 2.0, 1.5); on: [(-710.4, 710.4)];
    }
    /// Hyperbolic tangent.
    Tanh tanh(x) = y {
        value: x.tanh(); d: { let s = x.sech(); s * s }; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (2.0, 5.0, 5.0); on: [(-1e300, 1e300)];
    }
    /// Inverse hyperbolic sine.
    Asinh asinh(x) = y {
        value64: libm::asinh(x); d: x.hypot(R::lit(1.0)).recip(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 2.0, 5.0); on: [(-1e300, 1e300)];
    }
    /// Inverse hyperbolic cosine.
    Acosh acosh(x) = y {
        value64: libm::acosh(x); d: ((x - 1.0).sqrt() * (x + 1.0).sqrt()).recip();
        kind: Smooth; domain: x > 1.0; kink: "inf at 1";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 3.0, 6.0); on: [(1.0, 1e300)];
    }
    /// Inverse hyperbolic tangent.
    Atanh atanh(x) = y {
        value64: libm::atanh(x); d: (-x).mul_add(x, R::lit(1.0)).recip();
        kind: Smooth; domain: x.abs() < 1.0; kink: "inf at -1 and 1";
        zeros: (0.0, 0.0, 0.0); ulp: (2.0, 1.5, 4.0); on: [(-1.0, 1.0)];
    }
    /// `sin(pi x)`, exact at multiples of 1/2.
    SinPi sin_pi(x) = y {
        value64: special::sin_pi(x); d: x.cos_pi() * PI; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (2.0, 3.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// `cos(pi x)`, exact at multiples of 1/2.
    CosPi cos_pi(x) = y {
        value64: special::cos_pi(x); d: -x.sin_pi() * PI; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 3.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// Normalised sinc, `sin(pi x)/(pi x)`, 1 at 0.
    Sinc sinc(x) = y {
        value64: special::sinc(x); d: x.sinc_deriv(1); kind: Smooth; domain: true; kink: "0 at 0";
        zeros: (0.0, 0.1, 0.5); ulp: (3.0, 4.0, 8.0); on: [(-1e300, 1e300)];
    }
    /// The `n`-th derivative of sinc: `sinc''(0) = -pi^2/3` and all others without cancellation. NaN for `n` above 170.
    SincDeriv sinc_deriv(x, n: u32) = y {
        value64: special::sinc_deriv(x, n); d: x.sinc_deriv(n.saturating_add(1));
        kind: Smooth; domain: true; kink: "none";
        zeros: (1.0, 1.0, 1.0); ulp: (64.0, 16.0, 64.0); on: [(-1e300, 1e300)];
    }
    /// From radians to degrees.
    ToDegrees to_degrees(x) = y {
        value: x.to_degrees(); d: R::lit(180.0 / PI); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 0.5, 0.0); on: [(-1e300, 1e300)];
    }
    /// From degrees to radians.
    ToRadians to_radians(x) = y {
        value: x.to_radians(); d: R::lit(PI / 180.0); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 0.5, 0.0); on: [(-1e300, 1e300)];
    }
    /// The greatest integer not above `x`.
    Floor floor(x) = y {
        value: x.floor(); d: R::lit(0.0); kind: Constant; domain: x != x.floor(); kink: "0 at integers";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The least integer not below `x`.
    Ceil ceil(x) = y {
        value: x.ceil(); d: R::lit(0.0); kind: Constant; domain: x != x.ceil(); kink: "0 at integers";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The nearest integer, ties away from 0.
    Round round(x) = y {
        value: x.round(); d: R::lit(0.0);
        kind: Constant; domain: (x - x.trunc()).abs() != 0.5; kink: "0 at half-integers";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The integer part, towards 0.
    Trunc trunc(x) = y {
        value: x.trunc(); d: R::lit(0.0); kind: Constant; domain: x != x.trunc() || x == 0.0; kink: "0 at integers";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The fractional part `x - trunc(x)`, with the sign of `x`.
    Fract fract(x) = y {
        value: x.fract(); d: R::lit(1.0); kind: Smooth; domain: x != x.trunc() || x == 0.0; kink: "1 at integers";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The value as a constant: derivatives do not pass.
    StopGradient stop_gradient(x) = y {
        value: x; d: R::lit(0.0); kind: Constant; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Logistic sigmoid, `1/(1 + e^-x)`. Its derivative is `sech(x/2)^2 / 4`, which has no cancellation at any order.
    Sigmoid sigmoid(x) = y {
        value: { let e = (-x.abs()).exp(); if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) } };
        d: { let s = (x * 0.5).sech(); s * s * 0.25 };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (2.0, 5.0, 5.0); on: [(-1e300, 1e300)];
    }
    /// Logarithm of the sigmoid.
    LnSigmoid ln_sigmoid(x) = y {
        value: x.min(0.0) - (-x.abs()).exp().ln_1p(); d: (-x).sigmoid(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 2.0, 5.0); on: [(-1e300, 1e300)];
    }
    /// `ln(1 + e^x)`.
    Softplus softplus(x) = y {
        value: x.max(0.0) + (-x.abs()).exp().ln_1p(); d: x.sigmoid(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 2.0, 4.0); on: [(-1e300, 1e300)];
    }
    /// Rectifier, `max(x, 0)`.
    Relu relu(x) = y {
        value: if x > 0.0 { x } else if x.is_nan() { x } else { 0.0 };
        d: R::select(x.is_gt(R::lit(0.0)), R::lit(1.0), R::lit(0.0));
        kind: Selects; domain: x != 0.0; kink: "0 at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Leaky rectifier: `x` above 0, `a x` elsewhere.
    LeakyRelu leaky_relu(x, a: f64) = y {
        value64: if x > 0.0 { x } else { a * x };
        d: R::select(x.is_gt(R::lit(0.0)), R::lit(1.0), R::lit(a));
        kind: Selects; domain: x != 0.0 || a == 1.0; kink: "a at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Exponential linear unit: `x` above 0, `a (e^x - 1)` elsewhere.
    Elu elu(x, a: f64) = y {
        value64: if x > 0.0 { x } else { a * x.exp_m1() };
        d: { let (zero, one) = (R::lit(0.0), R::lit(1.0));
             let above = x.is_gt(zero);
             R::select(above, one, R::select(above, zero, x).exp() * a) };
        kind: Smooth; domain: x != 0.0 || a == 1.0; kink: "a at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 1.5, 1.5); on: [(-1e300, 1e300)];
    }
    /// Scaled exponential linear unit (Klambauer et al. 2017).
    Selu selu(x) = y {
        value64: if x > 0.0 { special::SELU.0 * x } else { special::SELU.1 * x.exp_m1() };
        d: { let zero = R::lit(0.0);
             let above = x.is_gt(zero);
             R::select(above, R::lit(special::SELU.0), R::select(above, zero, x).exp() * special::SELU.1) };
        kind: Smooth; domain: x != 0.0; kink: "1.7581 at 0";
        zeros: (0.0, 0.0, 0.0); ulp: (3.0, 3.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// `x sigmoid(x)`, also called swish.
    Silu silu(x) = y {
        value64: special::silu(x);
        d: { let s = (x * 0.5).sech(); x.sigmoid() + special::faded(x, s * s * 0.25) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.5, 0.5); ulp: (2.0, 1.5, 2.0); on: [(-1e300, 1e300)];
    }
    /// Gaussian error linear unit, `x Phi(x)`.
    Gelu gelu(x) = y {
        value64: special::gelu(x); d: x.norm_cdf() + special::faded(x, x.norm_pdf()); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.5, 0.5); ulp: (3.0, 1.5, 2.0); on: [(-1e300, 1e300)];
    }
    /// `gelu` with Phi approximated by `sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3))`, that is by a tanh.
    GeluTanh gelu_tanh(x) = y {
        value64: special::gelu_tanh(x);
        d: { let gate = x.gelu_gate(); gate + special::faded(x, GeluGate.derivative(x, gate)) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.5, 0.5); ulp: (4.0, 2.0, 4.0); on: [(-1e300, 1e300)];
    }
    /// `sigmoid(w)` with `w = 2 sqrt(2/pi) (x + 0.044715 x^3)`, the gate of `gelu_tanh`.
    GeluGate gelu_gate(x) = y {
        value64: special::gelu_gate(x);
        d: { let zero = R::lit(0.0);
             let near = R::select(x.abs().is_gt(R::lit(24.0)), zero, x); // farther away the bell is 0
             x.gelu_bell() * (near * near * special::GELU.1 + special::GELU.0) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (2.0, 5.0, 8.0); on: [(-1e300, 1e300)];
    }
    /// `sigmoid'(w)` with the `w` of `gelu_gate`.
    GeluBell gelu_bell(x) = y {
        value64: special::gelu_bell(x);
        d: { let zero = R::lit(0.0);
             let near = R::select(x.abs().is_gt(R::lit(24.0)), zero, x);
             let square = near * near;
             let half = near * (square * (special::GELU.1 / 6.0) + special::GELU.0 / 2.0);
             -(y * half.tanh() * (square * special::GELU.1 + special::GELU.0)) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.5); ulp: (3.0, 5.0, 2.0); on: [(-1e300, 1e300)];
    }
    /// `x/(1 + |x|)`.
    Softsign softsign(x) = y {
        value: if x.is_infinite() { x.signum() } else { x / (1.0 + x.abs()) };
        d: { let r = (x.abs() + 1.0).recip(); r * r };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (2.0, 4.0, 6.0); on: [(-1e300, 1e300)];
    }
    /// `x tanh(softplus x)`.
    Mish mish(x) = y {
        value64: if x < -700.0 { special::silu(x) } else { x * special::mish_gate(x) };
        d: { let gate = x.mish_gate(); gate + special::faded(x, MishGate.derivative(x, gate)) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.5, 0.5); ulp: (4.0, 3.0, 4.0); on: [(-1e300, 1e300)];
    }
    /// `tanh(softplus x)`, the gate of `mish`. With `e = exp(-|x|)` its derivative is a quotient of polynomials in `e`.
    MishGate mish_gate(x) = y {
        value64: special::mish_gate(x);
        d: { let above = x.is_gt(R::lit(0.0));
             let e = R::select(above, -x, x).exp();
             let square = e * e;
             let r = R::select(above, (e + square) * 2.0 + 1.0, (e + 1.0) * 2.0 + square).recip();
             R::select(above, square, e) * (e + 1.0) * 4.0 * r * r };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.25); ulp: (3.0, 4.0, 6.0); on: [(-1e300, 1e300)];
    }
    /// `(x + 3)/6` within 0 and 1.
    HardSigmoid hard_sigmoid(x) = y {
        value: ((x + 3.0) / 6.0).clamp(0.0, 1.0);
        d: R::select(x.is_gt(R::lit(-3.0)) & x.is_lt(R::lit(3.0)), R::lit(1.0 / 6.0), R::lit(0.0));
        kind: Selects; domain: x.abs() != 3.0; kink: "0 at -3 and 3";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 0.5, 0.0); on: [(-1e300, 1e300)];
    }
    /// `x` within -1 and 1.
    HardTanh hard_tanh(x) = y {
        value: x.clamp(-1.0, 1.0);
        d: R::select(x.is_gt(R::lit(-1.0)) & x.is_lt(R::lit(1.0)), R::lit(1.0), R::lit(0.0));
        kind: Selects; domain: x.abs() != 1.0; kink: "0 at -1 and 1";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Hyperbolic secant, `1/cosh x`.
    Sech sech(x) = y {
        value64: special::sech(x); d: -(y * x.tanh()); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 1.0); ulp: (2.0, 3.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// Error function.
    Erf erf(x) = y {
        value64: libm::erf(x); d: x.gauss() * FRAC_2_SQRT_PI; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 2.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// Complementary error function.
    Erfc erfc(x) = y {
        value64: libm::erfc(x); d: -(x.gauss() * FRAC_2_SQRT_PI); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (3.0, 2.0, 2.0); on: [(-1e300, 1e300)];
    }
    /// `exp(-x^2)`.
    Gauss gauss(x) = y {
        value64: special::gauss(x); d: -(special::faded(x, y) * 2.0); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.5); ulp: (1.5, 1.5, 3.0); on: [(-1e300, 1e300)];
    }
    /// Gamma function.
    Gamma gamma(x) = y {
        value64: libm::tgamma(x); d: y * x.digamma(); kind: Smooth; domain: x > 0.0 || x != x.floor(); kink: "none";
        zeros: (0.0, 1.0, 1.0); ulp: (6.0, 16.0, 12.0); on: [(-1000000.5, 171.6)];
    }
    /// Logarithm of the absolute value of the gamma function.
    LnGamma ln_gamma(x) = y {
        value64: libm::lgamma(x); d: x.digamma(); kind: Smooth; domain: x > 0.0 || x != x.floor(); kink: "none";
        zeros: (1.0, 1.0, 0.0); ulp: (3.0, 5.0, 5.0); on: [(-1000000000000.5, 1e300)];
    }
    /// Logarithmic derivative of the gamma function.
    Digamma digamma(x) = y {
        value64: special::digamma(x); d: x.polygamma(1); kind: Smooth; domain: x > 0.0 || x != x.floor(); kink: "none";
        zeros: (1.0, 0.0, 1.0); ulp: (5.0, 5.0, 8.0); on: [(-1000000000000.5, 1e300)];
    }
    /// The `n`-th derivative of `digamma`. NaN for `n` above 170.
    Polygamma polygamma(x, n: u32) = y {
        value64: special::polygamma(x, n); d: x.polygamma(n.saturating_add(1));
        kind: Smooth; domain: x > 0.0 || x != x.floor(); kink: "none";
        zeros: (1.0, 1.0, 1.0); ulp: (12.0, 16.0, 16.0); on: [(-1000000000000.5, 1e300)];
    }
    /// Distribution function of the standard normal.
    NormCdf norm_cdf(x) = y {
        value64: special::norm_cdf(x); d: x.norm_pdf(); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (4.0, 3.0, 3.0); on: [(-1e300, 1e300)];
    }
    /// Logarithm of `norm_cdf`. Below 0 its derivative is `1/mills(1)`, beyond it density over distribution function.
    NormLnCdf norm_ln_cdf(x) = y {
        value64: special::norm_ln_cdf(x);
        d: { let zero = R::lit(0.0);
             let below = x.is_lt(zero);
             let (left, right) = (R::select(below, x, zero), R::select(below, zero, x));
             R::select(below, left.mills(1).recip(), right.norm_pdf() / right.norm_cdf()) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (4.0, 4.0, 12.0); on: [(-1.3e154, 1e300)];
    }
    /// Quantile of the standard normal, the inverse of `norm_cdf`.
    NormInvCdf norm_inv_cdf(x) = y {
        value64: special::norm_inv_cdf(x); d: x.norm_sparsity();
        kind: Smooth; domain: x > 0.0 && x < 1.0; kink: "inf at 0 and 1";
        zeros: (0.0, 0.0, 0.0); ulp: (4.0, 6.0, 12.0); on: [(0.0, 1.0)];
    }
    /// Derivative of `norm_inv_cdf`, `1/norm_pdf(norm_inv_cdf(x))`: the sparsity of Tukey (1965).
    NormSparsity norm_sparsity(x) = y {
        value64: special::norm_sparsity(x); d: x.norm_inv_cdf() * y * y;
        kind: Smooth; domain: x > 0.0 && x < 1.0; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (6.0, 16.0, 24.0); on: [(0.0, 1.0)];
    }
    /// Density of the standard normal.
    NormPdf norm_pdf(x) = y {
        value64: special::norm_pdf(x); d: -special::faded(x, y); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.5); ulp: (3.0, 4.0, 1.0); on: [(-1e300, 1e300)];
    }
    /// The `n`-fold integral of `norm_pdf` from minus infinity, divided by it; `mills(1)` is `norm_cdf/norm_pdf`.
    /// NaN for `n` above 170.
    Mills mills(x, n: u32) = y {
        value64: special::mills(x, n);
        d: if n == 0 { R::lit(0.0) } else { x.mills(n.saturating_add(1)) * f64::from(n) };
        kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (32.0, 40.0, 32.0); on: [(-1e300, 38.0)];
    }
}
binary {
    /// Sum.
    Add add(a, b) = y {
        value: a + b; da: R::lit(1.0); db: R::lit(1.0); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Difference.
    Sub sub(a, b) = y {
        value: a - b; da: R::lit(1.0); db: R::lit(-1.0); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Product.
    Mul mul(a, b) = y {
        value: a * b; da: b; db: a; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Quotient.
    Div div(a, b) = y {
        value: a / b; da: b.recip(); db: -(y / b); kind: Smooth; domain: b != 0.0; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 1.5, 3.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Remainder of the truncated quotient, with the sign of `a`.
    Rem rem(a, b) = y {
        value: a % b; da: R::lit(1.0); db: -((a - y) / b).round();
        kind: Smooth; domain: b != 0.0 && a % b != 0.0; kink: "1 and -trunc(a/b) where the quotient is an integer";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Product of two derivatives: an exact 0 annihilates an infinite or NaN factor (the strong zero).
    StrongMul strong_mul(a, b) = y {
        value64: strong::mul(a, b); da: b; db: a; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Power `a^b`.
    Pow pow(a, b) = y {
        value: a.powf(b);
        da: { let zero = R::lit(0.0);
              let quotient = b.is_lt(R::lit(0.5)) & a.is_ne(zero); // elsewhere b - 1 is exact
              let partial = R::select(quotient, b * y / a, b * a.pow(b - 1.0));
              R::select(a.is_eq(zero) & b.is_eq(zero), zero, partial) };
        db: y.xlogy(a);
        kind: Smooth; domain: a > 0.0 || (a == 0.0 && b >= 1.0); kink: "0 at (0, 0) for a; 0 at a = 0, b > 0 for b";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 3.0); on: [(0.0, 1e300), (-1e300, 1e300)];
    }
    /// Four-quadrant arctangent of `a/b`.
    Atan2 atan2(a, b) = y {
        value: a.atan2(b);
        da: { let h = a.hypot(b); b.direction(a) / R::select(h.is_eq(R::lit(0.0)), R::lit(1.0), h) };
        db: { let h = a.hypot(b); -a.direction(b) / R::select(h.is_eq(R::lit(0.0)), R::lit(1.0), h) };
        kind: Smooth; domain: a != 0.0 || b != 0.0; kink: "(0, 0) at (0, 0)";
        zeros: (0.0, 0.0, 1.0); ulp: (1.0, 4.0, 6.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// `sqrt(a^2 + b^2)`, without overflow.
    Hypot hypot(a, b) = y {
        value: a.hypot(b); da: a.direction(b); db: b.direction(a);
        kind: Smooth; domain: a != 0.0 || b != 0.0; kink: "(0, 0) at (0, 0)";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 2.0, 6.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// `a/hypot(a, b)`, 0 at (0, 0): the gradient of `hypot`, whose own derivatives have no cancellation.
    Direction direction(a, b) = y {
        value: if a == 0.0 { a } else { a / a.hypot(b) };
        da: { let h = a.hypot(b);
              let s = b.direction(a);
              s * (s / R::select(h.is_eq(R::lit(0.0)), R::lit(1.0), h)) };
        db: { let h = a.hypot(b);
              -(y * (b.direction(a) / R::select(h.is_eq(R::lit(0.0)), R::lit(1.0), h))) };
        kind: Smooth; domain: a != 0.0 || b != 0.0; kink: "(0, 0) at (0, 0)";
        zeros: (0.0, 0.0, 1.0); ulp: (2.0, 5.0, 8.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// The greater of two; a tie gives half of the derivative to each.
    Max max(a, b) = y {
        value: a.max(b);
        da: { let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0));
              R::select(a.is_gt(b) | b.is_ne(b), one, R::select(a.is_eq(b), half, zero)) };
        db: { let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0));
              R::select(b.is_gt(a) | a.is_ne(a), one, R::select(a.is_eq(b), half, zero)) };
        kind: Selects; domain: a != b; kink: "1/2 each at a tie";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// The less of two; a tie gives half of the derivative to each.
    Min min(a, b) = y {
        value: a.min(b);
        da: { let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0));
              R::select(a.is_lt(b) | b.is_ne(b), one, R::select(a.is_eq(b), half, zero)) };
        db: { let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0));
              R::select(b.is_lt(a) | a.is_ne(a), one, R::select(a.is_eq(b), half, zero)) };
        kind: Selects; domain: a != b; kink: "1/2 each at a tie";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// The magnitude of `a` with the sign of `b`.
    Copysign copysign(a, b) = y {
        value: a.copysign(b);
        da: { let (zero, one) = (R::lit(0.0), R::lit(1.0));
              R::select(a.is_eq(zero), zero, R::select(y.is_eq(a), one, -one)) };
        db: R::lit(0.0);
        kind: Selects; domain: a != 0.0 && b != 0.0; kink: "0 at a = 0; 0 for b";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// Logarithm of `x` to any base.
    Log log(x, base) = y {
        value64: special::log(x, base); da: x.recip() / base.ln(); db: -(y / (base * base.ln()));
        kind: Smooth; domain: x > 0.0 && base > 0.0 && base != 1.0; kink: "inf at x = 0";
        zeros: (0.0, 0.0, 0.0); ulp: (3.0, 4.0, 8.0); on: [(0.0, 1e300), (0.0, 1e300)];
    }
    /// `x ln y`, 0 where `x = 0`.
    Xlogy xlogy(x, v) = y {
        value64: special::xlogy(x, v);
        da: { let zero = R::lit(0.0); R::select(x.is_eq(zero) & v.is_le(zero), zero, v.ln()) };
        db: { let zero = R::lit(0.0); R::select(x.is_eq(zero) & v.is_le(zero), zero, x / v) };
        kind: Smooth; domain: v > 0.0; kink: "(0, 0) at (0, 0)";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 1.0, 1.5); on: [(-1e300, 1e300), (0.0, 1e300)];
    }
    /// `e^(a - b)`, right to the last digits where the difference is rounded; 1 where both are the same infinity.
    ExpSub exp_sub(a, b) = y {
        value64: special::exp_sub(a, b); da: y; db: -y; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 1.5, 1.5); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
    /// `ln(e^a + e^b)`.
    LnAddExp ln_add_exp(a, b) = y {
        value64: special::ln_add_exp(a, b);
        da: nary::logistic(a, b); db: nary::logistic(b, a);
        kind: Smooth; domain: true; kink: "1/2 each where both are the same infinity";
        zeros: (1.0, 0.0, 0.0); ulp: (1.0, 4.0, 4.0); on: [(-1e300, 1e300), (-1e300, 1e300)];
    }
}
ternary {
    /// `a b + c` with one rounding.
    MulAdd mul_add(a, b, c) = y {
        value: a.mul_add(b, c); da: b; db: a; dc: R::lit(1.0); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (0.5, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300), (-1e300, 1e300)];
    }
    /// `x` within `lo..=hi`; NaN where `lo > hi` or a bound is NaN.
    Clamp clamp(x, lo, hi) = y {
        value64: special::clamp(x, lo, hi);
        da: { let (zero, one) = (R::lit(0.0), R::lit(1.0));
              let inside = R::select(x.is_lt(lo) | x.is_gt(hi) | lo.is_eq(hi), zero, one);
              R::select(lo.is_le(hi), inside, R::lit(f64::NAN)) };
        db: nary::bound(x.is_lt(lo), x, lo, hi);
        dc: nary::bound(x.is_gt(hi), x, lo, hi);
        kind: Selects; domain: lo < hi && x != lo && x != hi;
        kink: "1 for x at a bound; 0 for lo = hi; NaN for lo > hi";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300), (-1e300, 1e300), (-1e300, 1e300)];
    }
}
nary {
    /// Sum of any number of operands, compensated.
    Sum sum(xs) = y {
        value: nary::sum(xs); partials: vec![R::lit(1.0); xs.len()]; kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Product of any number of operands, right with any number of zeros.
    Prod prod(xs) = y {
        value: nary::prod(xs); partials: nary::products_of_others(xs); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.5, 1.0, 2.0); on: [(-1e300, 1e300)];
    }
    /// The greatest; ties share the derivative equally.
    MaxOf max_of(xs) = y {
        value: nary::max_of(xs); partials: nary::shares(xs, y);
        kind: Selects; domain: nary::count(xs, nary::max_of(xs)) == 1;
        kink: "1/k each where k tie; 0 where all are NaN";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// The least; ties share the derivative equally.
    MinOf min_of(xs) = y {
        value: nary::min_of(xs); partials: nary::shares(xs, y);
        kind: Selects; domain: nary::count(xs, nary::min_of(xs)) == 1;
        kink: "1/k each where k tie; 0 where all are NaN";
        zeros: (0.0, 0.0, 0.0); ulp: (0.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Dot product of operands that stand in pairs `a0, b0, a1, b1, ..`.
    Dot dot(xs) = y {
        value: nary::dot(xs); partials: nary::swap_pairs(xs); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Sum of products of derivatives `a0 b0 + a1 b1 + ..`: an exact 0 annihilates an infinite or NaN factor.
    StrongDot strong_dot(xs) = y {
        value: nary::strong_dot(xs); partials: nary::swap_pairs(xs); kind: Smooth; domain: true; kink: "none";
        zeros: (0.0, 0.0, 0.0); ulp: (1.0, 0.0, 0.0); on: [(-1e300, 1e300)];
    }
    /// Euclidean norm, without overflow.
    Norm norm(xs) = y {
        value: nary::norm(xs); partials: nary::directions(xs, y);
        kind: Smooth; domain: xs.iter().any(|&x| x != 0.0); kink: "0 at the origin; NaN for an infinite operand";
        zeros: (0.0, 0.0, 1.0); ulp: (1.0, 1.5, 3.0); on: [(-1e300, 1e300)];
    }
    /// `ln(e^x0 + e^x1 + ..)`, shifted.
    LogSumExp log_sum_exp(xs) = y {
        value: nary::log_sum_exp(xs); partials: nary::probabilities(xs);
        kind: Smooth; domain: true; kink: "1/k each where k are the same infinity";
        zeros: (1.0, 0.0, 0.0); ulp: (1.0, 1.5, 3.0); on: [(-1e300, 1e300)];
    }
    /// The `i`-th of `e^x` over their sum, shifted.
    Softmax softmax(xs, i: u32) = y {
        value: nary::softmax(xs, i); partials: nary::softmax_partials(xs, i, y);
        kind: Smooth; domain: true; kink: "1/k each where k are the same infinity";
        zeros: (0.0, 0.0, 1.0); ulp: (1.5, 4.0, 8.0); on: [(-1e300, 1e300)];
    }
}
} } }
pub(crate) use with_rules;
