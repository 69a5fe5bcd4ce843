//! Simplifying: lines that a cheaper one equals, and equal lines.

use super::rewrite::{Rewriter, Value, is_power_of_2};
use super::{List, Op, Relation};
use crate::rules::{Binary, Nary, Ternary, Unary};

impl List {
    /// The list with fewer and cheaper lines of the same values, bodies of loops included.
    ///
    /// Before: `v2 = mul(v0, v1)`, `v3 = mul(v1, v0)`, `v4 = neg(v3)`, `v5 = sub(v2, v4)`. After: `v2 = mul(v0, v1)`,
    /// `v3 = 2.0`, `v4 = mul(v2, v3)`.
    ///
    /// Exact, to the bit: equal lines are one, also with operands in another order where that does not matter; so are
    /// equal loops, equal numbers of rows and of the carry, and what a body captures or emits twice. A number that no
    /// step changes is captured. Rows that are handed through are read where they come from. `x * 1`, `x / 1`, `x - 0`,
    /// `x + -0`, `max(x, x)`, selections without a choice are `x`; `x * -1` and `-0 - x` are `-x`; `-(-x)` is `x`;
    /// `x + -y` is `x - y`; a sign leaves a product; `x + x` is `2 x`, `x x` its square, `x / 4` is `x * 0.25`; sums and
    /// products of two are what they are. (Of a NaN the sign and the payload are not kept.)
    ///
    /// Exact but where a number between overflows or is subnormal: `(x * c) * 2^k` is `x * (c 2^k)`, and a factor `2^k`
    /// leaves products, squares and sums over rows, as a sign does. Exact but for the sign of a zero: a product with the
    /// strong zero by a literal that is finite is the plain one, by 0 it is 0. In the last bit: the sum over `n` rows of
    /// what does not depend on the row is `n` times that, and of a product of derivatives a factor that is the same for
    /// all rows leaves the sum (infinite, it makes the sum infinite where signs in it would have made NaN).
    ///
    /// `x * 0` stays, which is NaN at infinity, and so does `x + 0`, which is no `-0`.
    ///
    /// ```
    /// let list = wengert::record(2, |x| x[0] * x[1] - -(x[1] * x[0]));
    /// assert_eq!(
    ///     list.simplify().to_string(),
    ///     "inputs v0 v1\nv2 = mul(v0, v1)\nv3 = 2.0\nv4 = mul(v2, v3)\noutputs v4\n"
    /// );
    /// ```
    pub fn simplify(&self) -> List {
        self.rewritten_by(simplified)
    }
}

/// What a line is in fewer or cheaper ones.
pub(super) fn simplified(to: &mut Rewriter, op: Op, x: &[u32]) -> Option<Value> {
    match op {
        Op::Unary(op) => unary(to, op, x[0]),
        Op::Binary(Binary::Add) => sum(to, x[0], x[1]),
        Op::Binary(Binary::Sub) => difference(to, x[0], x[1]),
        Op::Binary(Binary::Mul) => product(to, x[0], x[1]),
        Op::Binary(Binary::StrongMul) => strong_product(to, x[0], x[1]),
        Op::Binary(Binary::Div) => quotient(to, x[0], x[1]),
        Op::Binary(Binary::Max | Binary::Min) => (x[0] == x[1]).then_some(Value::Line(x[0])),
        Op::Ternary(Ternary::MulAdd) => product_and_sum(to, [x[0], x[1], x[2]]),
        Op::Nary(op) => nary(to, op, x),
        Op::Compare(Relation::Less) => (x[0] == x[1]).then_some(Value::Holds(false)),
        Op::And | Op::Or => either(to, op, x),
        Op::Not => of(to, Op::Not, x[0]).map(Value::Line),
        Op::Select => selected(to, [x[0], x[1], x[2]]),
        Op::Input
        | Op::Literal(_)
        | Op::Binary(_)
        | Op::Ternary(_)
        | Op::Compare(_)
        | Op::Call { .. }
        | Op::Loop { .. } => None,
    }
}

const NEG: Op = Op::Unary(Unary::Neg);
const ADD: Op = Op::Binary(Binary::Add);
const SUB: Op = Op::Binary(Binary::Sub);
const MUL: Op = Op::Binary(Binary::Mul);

/// What the line is the `op` of, if it is.
fn of(to: &Rewriter, op: Op, line: u32) -> Option<u32> {
    (to.list.op(line) == op).then(|| to.list.operands(line)[0])
}

/// `-line`.
fn negative(to: &mut Rewriter, line: u32) -> Value {
    to.line(NEG, &[line])
}

/// The line with these operands in order, smaller first, unless they are.
fn in_order(to: &mut Rewriter, op: Op, a: u32, b: u32) -> Option<Value> {
    (a > b).then(|| Value::Line(to.push(op, &[b, a])))
}

fn unary(to: &mut Rewriter, op: Unary, x: u32) -> Option<Value> {
    match op {
        Unary::Neg => {
            let (inner, of_inner) = (to.list.op(x), to.list.operands(x));
            match (inner, &of_inner[..]) {
                (NEG, &[y]) => Some(Value::Line(y)),
                (MUL, &[a, b]) => {
                    let c = to.known(b)?;
                    let c = to.literal(-c);
                    Some(to.line(MUL, &[a, c]))
                }
                _ => None,
            }
        }
        Unary::Abs if matches!(to.list.op(x), Op::Unary(Unary::Abs)) => Some(Value::Line(x)),
        Unary::Square if to.list.scale(x).0 != 1.0 => {
            let (c, y) = to.list.scale(x);
            let square = to.line(Op::Unary(op), &[y]).line();
            if !(c * c).is_normal() {
                return None;
            }
            let c = to.literal(c * c);
            Some(to.line(MUL, &[square, c]))
        }
        Unary::Abs | Unary::Cos | Unary::Cosh => {
            let y = of(to, NEG, x)?;
            Some(to.line(Op::Unary(op), &[y]))
        }
        Unary::Powi(0) => Some(Value::Line(to.literal(1.0))),
        Unary::Powi(1) => Some(Value::Line(x)),
        Unary::Powi(2) => Some(to.line(Op::Unary(Unary::Square), &[x])),
        Unary::Powi(-1) => Some(to.line(Op::Unary(Unary::Recip), &[x])),
        _ => None,
    }
}

/// Whether it is that number, to the bit.
fn is(known: Option<f64>, value: f64) -> bool {
    known.is_some_and(|known| known.to_bits() == value.to_bits())
}

fn sum(to: &mut Rewriter, a: u32, b: u32) -> Option<Value> {
    if is(to.known(a), -0.0) {
        return Some(Value::Line(b));
    }
    if is(to.known(b), -0.0) {
        return Some(Value::Line(a));
    }
    if a == b {
        let two = to.literal(2.0);
        return Some(to.line(MUL, &[a, two]));
    }
    if let Some(b) = of(to, NEG, b) {
        return Some(to.line(SUB, &[a, b]));
    }
    if let Some(a) = of(to, NEG, a) {
        return Some(to.line(SUB, &[b, a]));
    }
    in_order(to, ADD, a, b)
}

fn difference(to: &mut Rewriter, a: u32, b: u32) -> Option<Value> {
    if is(to.known(b), 0.0) {
        return Some(Value::Line(a));
    }
    if is(to.known(a), -0.0) {
        return Some(negative(to, b));
    }
    let b = of(to, NEG, b)?;
    Some(to.line(ADD, &[a, b]))
}

fn product(to: &mut Rewriter, a: u32, b: u32) -> Option<Value> {
    if a == b {
        return Some(to.line(Op::Unary(Unary::Square), &[a]));
    }
    match (to.known(a), to.known(b)) {
        (Some(_), Some(_)) => None,
        (Some(_), None) => Some(to.line(MUL, &[b, a])),
        (None, Some(c)) => scaled(to, a, c),
        (None, None) => unscaled_product(to, MUL, a, b),
    }
}

/// A product of two lines without their signs and powers of 2, and those behind it.
fn unscaled_product(to: &mut Rewriter, op: Op, a: u32, b: u32) -> Option<Value> {
    let ((a_scale, a_line), (b_scale, b_line)) = (to.list.scale(a), to.list.scale(b));
    let scale = a_scale * b_scale;
    if !scale.is_normal() || (a_line, b_line) == (a, b) {
        return in_order(to, op, a, b);
    }
    let product = to.line(op, &[a_line, b_line]).line();
    let scale = to.literal(scale);
    Some(to.line(MUL, &[product, scale]))
}

/// `-op(a, b)`
fn negative_of(to: &mut Rewriter, op: Op, a: u32, b: u32) -> Value {
    let line = to.line(op, &[a, b]).line();
    negative(to, line)
}

/// `x c`, with the literal behind.
fn scaled(to: &mut Rewriter, x: u32, c: f64) -> Option<Value> {
    if c == 1.0 {
        return Some(Value::Line(x));
    }
    if c == -1.0 {
        return Some(negative(to, x));
    }
    if let Some(x) = of(to, NEG, x) {
        let c = to.literal(-c);
        return Some(to.line(MUL, &[x, c]));
    }
    if to.list.op(x) != MUL {
        return None;
    }
    let (y, inner) = (to.list.operands(x)[0], to.known(to.list.operands(x)[1])?);
    let both = inner * c;
    let exact = is_power_of_2(inner) || is_power_of_2(c);
    if !(exact && both.is_normal()) {
        return None;
    }
    let both = to.literal(both);
    Some(to.line(MUL, &[y, both]))
}

fn strong_product(to: &mut Rewriter, a: u32, b: u32) -> Option<Value> {
    if a == b {
        return Some(to.line(Op::Unary(Unary::Square), &[a]));
    }
    if to.known(a).is_some() {
        return (to.known(b).is_none()).then(|| to.line(Op::Binary(Binary::StrongMul), &[b, a]));
    }
    match to.known(b) {
        Some(0.0) => Some(Value::Line(to.literal(0.0))),
        Some(c) if c.is_finite() => Some(to.line(MUL, &[a, b])),
        Some(_) => None,
        None => uniform_first(to, a, b).or_else(|| unscaled_product(to, Op::Binary(Binary::StrongMul), a, b)),
    }
}

/// `a (u b)` as `u (a b)`, where `u` is the same for all rows and `a` is not: so it can leave a sum over them.
fn uniform_first(to: &mut Rewriter, a: u32, b: u32) -> Option<Value> {
    const STRONG_MUL: Op = Op::Binary(Binary::StrongMul);
    for (x, product) in [(a, b), (b, a)] {
        if to.is_captured(x) || to.list.op(product) != STRONG_MUL {
            continue;
        }
        let inner = to.list.operands(product);
        let (u, y) = if to.is_captured(inner[0]) { (inner[0], inner[1]) } else { (inner[1], inner[0]) };
        if to.is_captured(u) {
            let product = to.line(STRONG_MUL, &[x, y]).line();
            return Some(to.line(STRONG_MUL, &[u, product]));
        }
    }
    None
}

fn quotient(to: &mut Rewriter, a: u32, b: u32) -> Option<Value> {
    const DIV: Op = Op::Binary(Binary::Div);
    if let Some(c) = to.known(b) {
        if !(is_power_of_2(c) && is_power_of_2(1.0 / c)) {
            return None;
        }
        let inverse = to.literal(1.0 / c);
        return Some(to.line(MUL, &[a, inverse]));
    }
    if is(to.known(a), 1.0) {
        return Some(to.line(Op::Unary(Unary::Recip), &[b]));
    }
    match (of(to, NEG, a), of(to, NEG, b)) {
        (Some(a), Some(b)) => Some(to.line(DIV, &[a, b])),
        (Some(a), None) => Some(negative_of(to, DIV, a, b)),
        (None, Some(b)) => Some(negative_of(to, DIV, a, b)),
        (None, None) => None,
    }
}

/// `a b + c`
fn product_and_sum(to: &mut Rewriter, [a, b, c]: [u32; 3]) -> Option<Value> {
    if is(to.known(c), -0.0) {
        return Some(to.line(MUL, &[a, b]));
    }
    for (x, y) in [(a, b), (b, a)] {
        if is(to.known(y), 1.0) {
            return Some(to.line(ADD, &[x, c]));
        }
        if is(to.known(y), -1.0) {
            return Some(to.line(SUB, &[c, x]));
        }
    }
    (a > b).then(|| Value::Line(to.push(Op::Ternary(Ternary::MulAdd), &[b, a, c])))
}

fn nary(to: &mut Rewriter, op: Nary, x: &[u32]) -> Option<Value> {
    match (op, x) {
        (Nary::Sum | Nary::Dot | Nary::StrongDot, []) => Some(Value::Line(to.literal(0.0))),
        (Nary::Prod, []) => Some(Value::Line(to.literal(1.0))),
        (Nary::Sum | Nary::Prod, &[x]) => Some(Value::Line(x)),
        (Nary::Sum, &[a, b]) => Some(to.line(ADD, &[a, b])),
        (Nary::Prod | Nary::Dot, &[a, b]) => Some(to.line(MUL, &[a, b])),
        (Nary::StrongDot, &[a, b]) => Some(to.line(Op::Binary(Binary::StrongMul), &[a, b])),
        (Nary::Dot | Nary::StrongDot, pairs) => pairs_in_order(to, op, pairs),
        _ => None,
    }
}

/// Pairs with the smaller operand first, and none that is 0 by the strong zero.
fn pairs_in_order(to: &mut Rewriter, op: Nary, x: &[u32]) -> Option<Value> {
    let zero = |line: &u32| op == Nary::StrongDot && to.known(*line) == Some(0.0);
    let mut pairs = Vec::with_capacity(x.len());
    for pair in x.chunks_exact(2).filter(|pair| !pair.iter().any(zero)) {
        pairs.extend([pair[0].min(pair[1]), pair[0].max(pair[1])]);
    }
    if pairs == x {
        return None;
    }
    Some(if pairs.len() > 2 { Value::Line(to.push(Op::Nary(op), &pairs)) } else { to.line(Op::Nary(op), &pairs) })
}

/// Both, or at least one, of two masks.
fn either(to: &mut Rewriter, op: Op, x: &[u32]) -> Option<Value> {
    if x[0] == x[1] { Some(Value::Line(x[0])) } else { in_order(to, op, x[0], x[1]) }
}

fn selected(to: &mut Rewriter, [mask, a, b]: [u32; 3]) -> Option<Value> {
    if a == b {
        return Some(Value::Line(a));
    }
    if let Some(mask) = of(to, Op::Not, mask) {
        return Some(to.line(Op::Select, &[mask, b, a]));
    }
    let arm = |arm: u32, place: usize| {
        let inner = to.list.operands(arm);
        if to.list.op(arm) == Op::Select && inner[0] == mask { inner[place] } else { arm }
    };
    let (inner_a, inner_b) = (arm(a, 1), arm(b, 2));
    if (inner_a, inner_b) == (a, b) {
        return None;
    }
    Some(to.line(Op::Select, &[mask, inner_a, inner_b]))
}
