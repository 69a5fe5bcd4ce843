//! One program on every engine, and that they all give the same numbers.

use wengert::list::Op;
use wengert::{
    Compiled, Dual, F32, List, Observed, Plain, Real, Traced, Var, grad, hessian, hvp, hvp_reverse_over_forward,
    jacobian, jvp, linearize, observe, record, vjp,
};

/// A program over any number.
pub(crate) trait Formula {
    fn at<R: Real>(&self, x: &[R]) -> Vec<R>;
    /// Whether single precision may take other branches than double precision.
    fn is_smooth(&self) -> bool {
        true
    }
}

/// A program that branches on values, over any eager number.
pub(crate) trait Branching {
    fn at<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> Vec<R>;
}

/// `formula!(Name(x) = [outputs])`.
macro_rules! formula {
    ($Name:ident($x:ident) = [$($y:expr),+ $(,)?]) => {
        struct $Name;
        impl $crate::engines::Formula for $Name {
            fn at<R: wengert::Real>(&self, $x: &[R]) -> Vec<R> { vec![$($y),+] }
        }
    };
}
pub(crate) use formula;

/// A number type for each engine and nesting; what is compiled for each program is this, and nothing else.
macro_rules! numbers {
    ($($name:ident: $R:ty),* $(,)?) => {
        /// A program on each number.
        pub(crate) trait Program {
            $( fn $name(&self, x: &[$R]) -> Vec<$R>; )*
            /// `None` where it branches on values.
            fn traced(&self, x: &[Traced]) -> Option<Vec<Traced>>;
            fn is_smooth(&self) -> bool;
        }
        impl<F: Formula> Program for F {
            $( fn $name(&self, x: &[$R]) -> Vec<$R> { self.at(x) } )*
            fn traced(&self, x: &[Traced]) -> Option<Vec<Traced>> { Some(self.at(x)) }
            fn is_smooth(&self) -> bool { Formula::is_smooth(self) }
        }
        /// A program that can be run on the executed path only.
        pub(crate) struct Executed<F>(pub(crate) F);
        impl<F: Branching> Program for Executed<F> {
            $( fn $name(&self, x: &[$R]) -> Vec<$R> { self.0.at(x) } )*
            fn traced(&self, _: &[Traced]) -> Option<Vec<Traced>> { None }
            fn is_smooth(&self) -> bool { true }
        }
    };
}

pub(crate) type D1 = Dual<f64, 1>;
pub(crate) type D8 = Dual<f64, 8>;
pub(crate) type DD = Dual<D1, 1>;

numbers! {
    plain: f64,
    single: F32,
    dual: D1,
    dual8: D8,
    dual_single: Dual<f32, 8>,
    var: Var<f64>,
    var_single: Var<f32>,
    dual_dual: DD,
    dual_var: Dual<Var<f64>, 1>,
    var_dual: Var<D1>,
    var_dual8: Var<D8>,
    var_var: Var<Var<f64>>,
    observed: Observed,
}

/// What all engines agree on: `jacobian[k][i]` and `hessians[k][i][j]` of output `k`.
pub(crate) struct Agreed {
    pub(crate) value: Vec<f64>,
    pub(crate) jacobian: Vec<Vec<f64>>,
    pub(crate) hessians: Vec<Vec<Vec<f64>>>,
}

impl Agreed {
    pub(crate) fn gradient(&self) -> &[f64] {
        &self.jacobian[0]
    }
    pub(crate) fn hessian(&self) -> &[Vec<f64>] {
        &self.hessians[0]
    }
}

/// The list of the program: traced where it does not branch, and observed.
pub(crate) fn lists(p: &dyn Program, x: &[f64]) -> Vec<(&'static str, List)> {
    let seen = observe(|x| p.observed(x), x);
    assert_same("the observed values", &seen.list.run(x), &p.plain(x));
    let mut lists = vec![("observed", seen.list)];
    let mut branches = false;
    let traced = record(x.len(), |x| {
        p.traced(x).unwrap_or_else(|| {
            branches = true;
            Vec::new()
        })
    });
    if !branches {
        lists.push(("traced", traced));
    }
    lists
}

/// Equal, or both NaN.
pub(crate) fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

#[track_caller]
pub(crate) fn assert_same(what: &str, got: &[f64], want: &[f64]) {
    let equal = got.len() == want.len() && got.iter().zip(want).all(|(&a, &b)| same(a, b));
    assert!(equal, "{what}: {got:?} instead of {want:?}");
}

/// The numbers that the other engines are compared with, each with a bound of the rounding errors: by the list.
struct Wanted {
    list: List,
    point: Vec<f64>,
    numbers: Vec<f64>,
    bounds: Vec<f64>,
    /// The same bounds in single precision.
    bounds_single: Vec<f64>,
}

impl Wanted {
    /// The outputs of a list.
    fn values(of: &List, x: &[f64]) -> Wanted {
        let single = f64::from(f32::EPSILON);
        Wanted {
            numbers: of.run(x),
            bounds: bounds(of, x, f64::EPSILON, 0.0),
            bounds_single: bounds(of, x, single, single),
            point: x.to_vec(),
            list: of.clone(),
        }
    }

    /// The Jacobian of a list.
    fn jacobian(of: &List, x: &[f64]) -> Wanted {
        let list = of.jacobian();
        let terms = magnitudes(of, x);
        let with = |epsilon: f64, input_epsilon: f64| {
            let bounds = bounds(&list, x, epsilon, input_epsilon);
            bounds.iter().zip(&terms).map(|(bound, term)| bound + epsilon * term).collect()
        };
        let single = f64::from(f32::EPSILON);
        Wanted {
            numbers: list.run(x),
            bounds: with(f64::EPSILON, 0.0),
            bounds_single: with(single, single),
            point: x.to_vec(),
            list,
        }
    }

    #[track_caller]
    fn check<I: IntoIterator<Item = f64>>(&self, who: &str, got: I) {
        self.check_within(who, got, &self.bounds, 1e-280, false);
    }

    #[track_caller]
    fn check_single<I: IntoIterator<Item = f64>>(&self, who: &str, got: I) {
        self.check_within(who, got, &self.bounds_single, 1e-30, true);
    }

    #[track_caller]
    fn check_within(
        &self,
        who: &str,
        got: impl IntoIterator<Item = f64>,
        bounds: &[f64],
        underflow: f64,
        may_overflow: bool,
    ) {
        let got: Vec<f64> = got.into_iter().collect();
        assert_eq!(got.len(), self.numbers.len(), "{who}: numbers");
        for (k, ((&got, &want), &bound)) in got.iter().zip(&self.numbers).zip(bounds).enumerate() {
            let tolerance = if bound.is_finite() { 64.0 * bound + underflow } else { 1e-6 * want.abs() };
            // Where rounding to single precision leaves no digit, it may also leave a row's domain.
            let lost = may_overflow && !got.is_finite() && tolerance >= want.abs();
            assert!(
                same(got, want) || (got - want).abs() <= tolerance || lost,
                "{who}: number {k} is {got:e} instead of {want:e}; tolerance {tolerance:e}, at {:?}, by the list\n{}",
                self.point,
                self.list
            );
        }
    }
}

/// The partial derivatives of a line by its operands, where its lines have these values.
fn partials(list: &List, line: u32, values: &[f64]) -> Vec<f64> {
    let at: Vec<f64> = list.operands(line).iter().map(|&id| values[id as usize]).collect();
    let y = values[line as usize];
    match list.op(line) {
        Op::Unary(op) => vec![op.derivative(at[0], y)],
        Op::Binary(op) => vec![op.da(at[0], at[1], y), op.db(at[0], at[1], y)],
        Op::Ternary(op) => op.partials(at[0], at[1], at[2], y).to_vec(),
        Op::Nary(op) => op.partials(&at, y),
        Op::Select if at[0] != 0.0 => vec![0.0, 1.0, 0.0],
        Op::Select => vec![0.0, 0.0, 1.0],
        _ => vec![0.0; at.len()],
    }
}

/// For every line `own` of it, and what its operands have, magnified by the partial derivatives.
fn accumulated(list: &List, values: &[f64], own: impl Fn(u32) -> f64) -> Vec<f64> {
    let mut sums: Vec<f64> = Vec::with_capacity(list.len());
    for line in 0..list.len() as u32 {
        let operands = list.operands(line);
        let inherited = operands.iter().zip(partials(list, line, values)).map(|(&id, p)| {
            let sum = sums[id as usize];
            if p == 0.0 || sum == 0.0 { 0.0 } else { p.abs() * sum }
        });
        let sum = own(line) + inherited.sum::<f64>();
        sums.push(sum);
    }
    list.outputs().iter().map(|&line| sums[line as usize]).collect()
}

/// A bound, to first order, of the rounding error of each output of a list: that of each line is one rounding of its
/// own (also where constants were folded) and those of its operands.
pub(crate) fn bounds(list: &List, x: &[f64], epsilon: f64, input_epsilon: f64) -> Vec<f64> {
    let values = list.values(x);
    let rounding = |line: u32| if list.op(line) == Op::Input { input_epsilon } else { epsilon };
    accumulated(list, &values, |line| rounding(line) * values[line as usize].abs())
}

/// For each output and input the magnitudes of the terms whose sum is the derivative, along all paths: they may cancel.
fn magnitudes(list: &List, x: &[f64]) -> Vec<f64> {
    let values = list.values(x);
    let along = |input: usize| accumulated(list, &values, |line| f64::from(u8::from(line as usize == input)));
    let columns: Vec<Vec<f64>> = (0..x.len()).map(along).collect();
    (0..list.outputs().len()).flat_map(|k| columns.iter().map(move |column| column[k])).collect()
}

fn unit<const N: usize>(i: usize) -> [f64; N] {
    std::array::from_fn(|l| f64::from(u8::from(l == i)))
}

/// Runs the program on every engine and nesting, at two orders, and checks that they agree.
///
/// Values are equal bit for bit, since all engines compute them with the same operations; derivatives agree to the
/// rounding errors that the program can make.
#[track_caller]
pub(crate) fn agree(p: &dyn Program, x: &[f64]) -> Agreed {
    assert!(x.len() <= 8, "up to 8 inputs, one per lane");
    let value = p.plain(x);
    let lists = lists(p, x);
    for (who, list) in &lists {
        assert_same(who, &list.run(x), &value);
    }
    let reference = reference(&lists);
    let jacobian_list = Wanted::jacobian(reference, x);
    values_and_jacobians(p, x, &value, &lists, &jacobian_list);
    if p.is_smooth() {
        in_single_precision(p, x, &jacobian_list);
    }
    pair_of_products(p, x, &jacobian_list);
    let mut hessians = Vec::new();
    for k in 0..value.len() {
        let of_output = |list: &List| list.with_outputs(&list.outputs()[k..=k]);
        let wanted = Wanted::jacobian(&of_output(reference).gradient(), x);
        second_order(p, x, k, &wanted);
        for (who, list) in &lists {
            second_order_of_list(who, &of_output(list), x, &wanted);
        }
        hessians.push(rows(&wanted.numbers, x.len()));
    }
    Agreed { value, jacobian: rows(&jacobian_list.numbers, x.len()), hessians }
}

/// The list that the bounds are computed of: the last that has no loops, since these are bounded line by line.
fn reference<'l>(lists: &'l [(&'static str, List)]) -> &'l List {
    let straight = lists.iter().rev().find(|(_, list)| list.loops().is_empty());
    &straight.expect("an observed list has no loops").1
}

/// Compiles the lists of the program, and checks values and derivatives of two orders, in double precision and, where
/// it is smooth, in single.
///
/// Nothing is equal bit for bit here: kernels have errors of their own, sums stand in another order.
#[track_caller]
pub(crate) fn agree_compiled(p: &dyn Program, x: &[f64]) {
    let lists = lists(p, x);
    let (values, jacobian) = (Wanted::values(reference(&lists), x), Wanted::jacobian(reference(&lists), x));
    for (who, list) in &lists {
        let f = Compiled::<f64>::of(list);
        values.check(&format!("the {who} list, compiled"), f.values(x).expect("a point"));
        jacobian
            .check(&format!("the Jacobian of the {who} list, compiled"), f.jacobian(x).expect("a point").into_vec());
        if p.is_smooth() {
            let (f, x) = (Compiled::<f32>::of(list), x.iter().map(|&x| x as f32).collect::<Vec<_>>());
            let y = f.values(&x).expect("a point").into_iter().map(f64::from);
            values.check_single(&format!("the {who} list, compiled for f32"), y);
            let j = f.jacobian(&x).expect("a point").into_vec().into_iter().map(f64::from);
            jacobian.check_single(&format!("the Jacobian of the {who} list, compiled for f32"), j);
        }
    }
    for k in 0..values.numbers.len() {
        let of_output = |list: &List| list.with_outputs(&list.outputs()[k..=k]);
        let one = of_output(reference(&lists));
        let wanted = [Wanted::values(&one, x), Wanted::jacobian(&one, x), Wanted::jacobian(&one.gradient(), x)];
        for (who, list) in &lists {
            let list = of_output(list);
            orders(&wanted, &format!("the {who} list's"), &Compiled::<f64>::of(&list), x, Wanted::check::<Vec<f64>>);
            if p.is_smooth() {
                let single = Compiled::<f32>::of(&list);
                orders(&wanted, &format!("the {who} list's f32"), &single, x, Wanted::check_single::<Vec<f64>>);
            }
        }
    }
}

/// Value, gradient and Hessian of one output, compiled, by each of the ways to them.
#[track_caller]
fn orders<T: Plain>(wanted: &[Wanted; 3], who: &str, f: &Compiled<T>, x: &[f64], check: fn(&Wanted, &str, Vec<f64>)) {
    let n = x.len();
    let plain = |y: &[T]| y.iter().map(|y| y.primal()).collect::<Vec<_>>();
    let x: Vec<T> = x.iter().map(|&x| T::from_f64(x)).collect();
    let [value, gradient, hessian] = wanted;
    let (y, g) = f.value_and_grad(&x).expect("one output");
    check(value, &format!("{who} compiled value"), plain(&[y]));
    check(gradient, &format!("{who} compiled gradient"), plain(&g));
    let along = |i: usize| (0..n).map(|j| T::from_f64(f64::from(u8::from(i == j)))).collect::<Vec<_>>();
    let columns = (0..n).flat_map(|i| f.hvp(&x, &along(i)).expect("one output")).collect::<Vec<_>>();
    check(hessian, &format!("{who} compiled Hessian-vector products"), plain(&columns));
    check(hessian, &format!("{who} compiled Hessian"), plain(f.hessian(&x).expect("one output").as_slice()));
}

fn rows(flat: &[f64], n: usize) -> Vec<Vec<f64>> {
    flat.chunks(n.max(1)).map(<[f64]>::to_vec).collect()
}

/// A gradient per output out of the lanes of each.
fn lanes(y: &[D8], n: usize) -> Vec<f64> {
    y.iter().flat_map(|y| y.tangents()[..n].to_vec()).collect()
}

#[track_caller]
fn values_and_jacobians(p: &dyn Program, x: &[f64], value: &[f64], lists: &[(&'static str, List)], wanted: &Wanted) {
    let n = x.len();
    let seeded: Vec<D8> = x.iter().enumerate().map(|(i, &x)| Dual::new(x, unit(i))).collect();
    let y = p.dual8(&seeded);
    assert_same("the values of Dual<f64, 8>", &y.iter().map(|y| y.value()).collect::<Vec<_>>(), value);
    wanted.check("Dual<f64, 8>", lanes(&y, n));

    let mut columns = vec![0.0; n * value.len()];
    for i in 0..n {
        let mut direction = vec![0.0; n];
        direction[i] = 1.0;
        let (y, dy) = jvp(|x: &[D1]| p.dual(x), x, &direction[..]);
        assert_same("the values of Dual<f64, 1>", &y, value);
        dy.iter().enumerate().for_each(|(k, &dy)| columns[k * n + i] = dy);
    }
    wanted.check("Dual<f64, 1>", columns);

    let (y, pullback) = vjp(|x: &[Var<f64>]| p.var(x), x);
    assert_same("the values of Var<f64>", &y, value);
    let pulled = (0..value.len()).flat_map(|k| {
        let mut seed = vec![0.0; value.len()];
        seed[k] = 1.0;
        pullback.call(&seed)
    });
    wanted.check("pullback", pulled);
    wanted.check("jacobian", jacobian(|x: &[Var<f64>]| p.var(x), x).into_vec());
    let gradients = (0..value.len()).flat_map(|k| grad(|x: &[Var<f64>]| p.var(x)[k], x));
    wanted.check("grad", gradients);

    for (who, list) in lists {
        wanted.check(&format!("the {who} list's jacobian"), list.jacobian().run(x));
        wanted.check(&format!("the {who} list on Dual"), lanes(&list.run(&seeded), n));
        let on_var = jacobian(|x: &[Var<f64>]| list.run(x), x);
        wanted.check(&format!("the {who} list on Var"), on_var.into_vec());
    }
}

/// `<J v, w> = <v, J^T w>`, with both products of one recording, of the two modes, and of the list.
#[track_caller]
fn pair_of_products(p: &dyn Program, x: &[f64], wanted: &Wanted) {
    let m = if x.is_empty() { 0 } else { wanted.numbers.len() / x.len() };
    if m == 0 {
        return;
    }
    let v: Vec<f64> = (0..x.len()).map(|i| [1.5, -0.5, 2.0][i % 3]).collect();
    let w: Vec<f64> = (0..m).map(|k| [0.75, 2.0, -1.25][k % 3]).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let weights = w.iter().flat_map(|w| v.iter().map(move |v| (v * w).abs()));
    let tolerance: f64 = wanted.bounds.iter().zip(weights).map(|(bound, weight)| 128.0 * bound * weight).sum();
    let (_, jv) = jvp(|x: &[D1]| p.dual(x), x, &v[..]);
    let (_, linear) = linearize(|x: &[Var<f64>]| p.var(x), x);
    let seen = observe(|x| p.observed(x), x);
    let seeds: Vec<f64> = x.iter().chain(&w).copied().collect();
    let forward = [("jvp", dot(&jv, &w)), ("linearize, forward", dot(&linear.jvp(&v), &w))];
    let reverse = [("linearize, reverse", linear.vjp(&w)), ("the list's pullback", seen.list.pullback().run(&seeds))];
    for (one, a) in forward {
        for (other, wj) in &reverse {
            let b = dot(&v, wj);
            let close = same(a, b) || !tolerance.is_finite() || (a - b).abs() <= tolerance + 1e-280;
            assert!(close, "<Jv, w> by {one} is {a:e}, <v, J^T w> by {other} {b:e}; tolerance {tolerance:e}, at {x:?}");
        }
    }
}

#[track_caller]
fn in_single_precision(p: &dyn Program, x: &[f64], wanted: &Wanted) {
    let n = x.len();
    let x: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let value: Vec<f32> = p.single(&x.iter().map(|&x| F32(x)).collect::<Vec<_>>()).iter().map(|y| y.0).collect();
    let one = |i| std::array::from_fn(|l| f32::from(u8::from(l == i)));
    let seeded: Vec<Dual<f32, 8>> = x.iter().enumerate().map(|(i, &x)| Dual::new(x, one(i))).collect();
    let y = p.dual_single(&seeded);
    let tangents = y.iter().flat_map(|y| y.tangents()[..n].to_vec());
    wanted.check_single("Dual<f32, 8>", tangents.map(f64::from));
    let found = jacobian(|x: &[Var<f32>]| p.var_single(x), &x[..]);
    wanted.check_single("Var<f32>", found.into_vec().into_iter().map(f64::from));
    for (y, &value) in y.iter().zip(&value) {
        assert_same("the values of Dual<f32, 8>", &[f64::from(y.value())], &[f64::from(value)]);
    }
}

#[track_caller]
fn second_order(p: &dyn Program, x: &[f64], k: usize, wanted: &Wanted) {
    let n = x.len();
    let by_pair = |i: usize, j: usize| {
        let one = |hit: bool| f64::from(u8::from(hit));
        let seed = |(l, &x): (usize, &f64)| Dual::new(Dual::new(x, [one(l == i)]), [Dual::new(one(l == j), [0.0])]);
        let seeded: Vec<DD> = x.iter().enumerate().map(seed).collect();
        p.dual_dual(&seeded)[k].tangents()[0].tangents()[0]
    };
    wanted.check("Dual<Dual>", (0..n * n).map(|e| by_pair(e / n, e % n)));
    let full = hessian(|x: &[Var<D8>]| p.var_dual8(x)[k], x);
    wanted.check("hessian, Var<Dual<f64, 8>>", full.into_vec());
    let along = |i: usize| unit::<8>(i)[..n].to_vec();
    let columns = (0..n).flat_map(|i| hvp(|x: &[Var<D1>]| p.var_dual(x)[k], x, &along(i)[..]));
    wanted.check("hvp, Var<Dual>", columns);
    let columns =
        (0..n).flat_map(|i| hvp_reverse_over_forward(|x: &[Dual<Var<f64>, 1>]| p.dual_var(x)[k], x, &along(i)[..]));
    wanted.check("hvp, Dual<Var>", columns);
    let twice = (0..n).flat_map(|i| grad(|x: &[Var<f64>]| grad(|x: &[Var<Var<f64>>]| p.var_var(x)[k], x)[i], x));
    wanted.check("grad of grad, Var<Var>", twice);
}

#[track_caller]
fn second_order_of_list(who: &str, list: &List, x: &[f64], wanted: &Wanted) {
    let gradient = list.gradient();
    wanted.check(&format!("the {who} list's gradient's jacobian"), gradient.jacobian().run(x));
    let again = gradient.outputs().iter().flat_map(|&line| gradient.with_outputs(&[line]).gradient().run(x));
    wanted.check(&format!("the {who} list's gradient's gradients"), again);
    let on_var = jacobian(|x: &[Var<f64>]| gradient.run(x), x);
    wanted.check(&format!("the {who} list's gradient on Var"), on_var.into_vec());
    let seeded: Vec<D8> = x.iter().enumerate().map(|(i, &x)| Dual::new(x, unit(i))).collect();
    wanted.check(&format!("the {who} list's gradient on Dual"), lanes(&gradient.run(&seeded), x.len()));
    let nested = hessian(|x: &[Var<D8>]| list.run(x)[0], x);
    wanted.check(&format!("the {who} list on Var<Dual<f64, 8>>"), nested.into_vec());
}
