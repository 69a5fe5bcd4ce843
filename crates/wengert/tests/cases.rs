//! The worked cases of the textbook, by name, on every engine that can express them.

use crate::engines::{Agreed, Branching, D1, Executed, agree, formula};
use wengert::list::{Op, Relation};
use wengert::{
    Dual, List, Mode, Observed, Real, Var, count_work, derivative, grad, hessian, hvp, hvp_reverse_over_forward,
    jacobian_with, jvp, observe, record, value_and_grad, vjp,
};

/// Equal to a few units in the last place.
#[track_caller]
fn close(got: f64, want: f64) {
    assert!((got - want).abs() <= 4.0 * f64::EPSILON * want.abs(), "{got:?} instead of {want:?}");
}

#[track_caller]
fn all_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).for_each(|(&got, &want)| close(got, want));
}

formula!(Case1(x) = [(x[0] + 2.0) * (x[0] + 2.0) * x[0].sin()]);

#[test]
fn case_01_scalar_expression() {
    for x in [-1.0, 0.0, 0.5, 2.0_f64] {
        let agreed = agree(&Case1, &[x]);
        close(agreed.value[0], (x + 2.0) * (x + 2.0) * x.sin());
        close(agreed.gradient()[0], 2.0 * (x + 2.0) * x.sin() + (x + 2.0) * (x + 2.0) * x.cos());
    }
    let list = record(1, |x| (x[0] + 2.0) * (x[0] + 2.0) * x[0].sin());
    expect_test::expect![[r"
        inputs v0
        v1 = 2.0
        v2 = add(v0, v1)
        v3 = mul(v2, v2)
        v4 = sin(v0)
        v5 = mul(v3, v4)
        outputs v5
    "]]
    .assert_eq(&list.to_string());
    expect_test::expect![[r#"
        inputs v0
        v1 = 2.0
        v2 = add(v0, v1)
        v3 = mul(v2, v2)
        v4 = sin(v0)
        v5 = cos(v0)
        v6 = mul(v4, v1)
        v7 = strong_mul(v6, v2)
        v8 = strong_mul(v3, v5)
        v9 = add(v7, v8)
        outputs v9
    "#]]
    .assert_eq(&list.gradient().to_string());
}

/// What each operation of the first case saves: a product both operands, a sine its operand, a sum nothing.
#[test]
fn case_01_saved_values() {
    let list = record(1, |x| (x[0] + 2.0) * (x[0] + 2.0) * x[0].sin());
    let saved = |line: u32| {
        let saved = list.op(line).saved(list.operands(line).len());
        (list.op(line).name(), saved.operands, saved.value)
    };
    assert_eq!(saved(2), ("add", vec![], false));
    assert_eq!(saved(3), ("mul", vec![0, 1], false));
    assert_eq!(saved(4), ("sin", vec![0], false));
    assert_eq!(saved(5), ("mul", vec![0, 1], false));
}

formula!(
    Case2(x) = [{
        let v = x[0] * x[0];
        v + v.sin()
    }]
);

#[test]
fn case_02_shared_intermediate() {
    for x in [-1.5, 0.0, 0.5, 3.0_f64] {
        let v = x * x;
        let agreed = agree(&Case2, &[x]);
        close(agreed.value[0], v + v.sin());
        close(agreed.gradient()[0], (1.0 + v.cos()) * 2.0 * x);
    }
}

formula!(Case3(x) = [x[0] * x[1] + x[0].sin()]);

#[test]
fn case_03_two_inputs() {
    let agreed = agree(&Case3, &[2.0, 3.0]);
    assert_eq!(agreed.value, [6.909297426825682]);
    assert_eq!(agreed.gradient(), [2.5838531634528574, 2.0]);
    all_close(&agreed.hessian()[0], &[-2f64.sin(), 1.0]);
    assert_eq!(agreed.hessian()[1], [1.0, 0.0]);
    let (found, work) = count_work(|| value_and_grad(|x| x[0] * x[1] + x[0].sin(), [2.0, 3.0]));
    assert_eq!(found, (6.909297426825682, [2.5838531634528574, 2.0]));
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps), (1, 1, 0));
}

#[test]
fn case_04_vjp_without_a_jacobian() {
    let (x, w) = ([2.0, 3.0], [0.5, -1.25]);
    let ((y, adjoint), work) = count_work(|| {
        let (y, pullback) = vjp(|x: [Var<f64>; 2]| [x[0] * x[1], x[0].sin()], x);
        (y, pullback.call(&w))
    });
    assert_eq!(y, [6.0, 2f64.sin()]);
    all_close(&adjoint, &[w[0] * x[1] + w[1] * x[0].cos(), w[0] * x[0]]);
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps, work.lanes), (1, 1, 0, 1));
    let pullback = record(2, |x| [x[0] * x[1], x[0].sin()]).pullback();
    all_close(&pullback.run(&[2.0, 3.0, 0.5, -1.25]), &adjoint);
}

formula!(Case11(x) = [x[0] * x[1] + x[0].sin(), x[1].exp() + x[0] * x[0]]);

#[test]
fn case_11_jvp() {
    agree(&Case11, &[1.0, 0.0]);
    let wanted = [2.0 * 1f64.cos() - 1.0, 3.0];
    let f = |x: [Dual<f64, 1>; 2]| [x[0] * x[1] + x[0].sin(), x[1].exp() + x[0] * x[0]];
    let (y, dy) = jvp(f, [1.0, 0.0], [2.0, -1.0]);
    assert_eq!(y, [1f64.sin(), 2.0]);
    all_close(&dy, &wanted);
    let (_, linear) =
        wengert::linearize(|x: [Var<f64>; 2]| [x[0] * x[1] + x[0].sin(), x[1].exp() + x[0] * x[0]], [1.0, 0.0]);
    all_close(&linear.jvp(&[2.0, -1.0]), &wanted);
    let list = record(2, |x| [x[0] * x[1] + x[0].sin(), x[1].exp() + x[0] * x[0]]);
    let duals = [D1::new(1.0, [2.0]), D1::new(0.0, [-1.0])];
    all_close(&list.run(&duals).iter().map(|y| y.tangents()[0]).collect::<Vec<_>>(), &wanted);
}

formula!(Case12(x) = [(x[0] * x[1] + x[0].sin()).square()]);

#[test]
fn case_12_composed_square() {
    let s = 1f64.sin();
    let agreed = agree(&Case12, &[1.0, 2.0]);
    close(agreed.value[0], (2.0 + s) * (2.0 + s));
    all_close(agreed.gradient(), &[4.0 * (2.0 + s) + 2.0 * (2.0 + s) * 1f64.cos(), 2.0 * (2.0 + s)]);
}

formula!(Case13(x) = [x[0].exp() * x[0].sin()]);

#[test]
fn case_13_by_dual_numbers() {
    assert_eq!(derivative(|x| x.exp() * x.sin(), 0.0), 1.0);
    let agreed = agree(&Case13, &[0.0]);
    assert_eq!((agreed.value[0], agreed.gradient(), &agreed.hessian()[0][..]), (0.0, &[1.0][..], &[2.0][..]));
}

formula!(Case14(v) = [(v[0] * v[1] + v[2]) * v[1].sin()]);

#[test]
fn case_14_three_inputs() {
    let (x, y, z) = (0.5, 1.25, -2.0_f64);
    let agreed = agree(&Case14, &[x, y, z]);
    all_close(agreed.gradient(), &[y * y.sin(), (x * y + z) * y.cos() + x * y.sin(), y.sin()]);
}

#[test]
fn case_15_jacobian_by_the_fewer_seeds() {
    let wide = |x: &[Var<f64>]| [x[0] * x[1], x[1] * x[2]];
    let (x, entries) = (&[2.0, 3.0, 4.0], [3.0, 2.0, 0.0, 0.0, 4.0, 3.0]);

    let (j, work) = count_work(|| jacobian_with(None, wide, x));
    assert_eq!((j.mode, j.seeds, j.passes, j.lanes), (Mode::Reverse, 2, 1, 8));
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps), (1, 1, 0));
    assert_eq!((&j.value, j.matrix.as_slice()), (&[6.0, 12.0], &entries[..]));

    let (j, work) = count_work(|| jacobian_with(Some(Mode::Forward), wide, x));
    assert_eq!((j.mode, j.seeds, j.passes, j.lanes), (Mode::Forward, 3, 1, 8));
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps), (1, 0, 1));
    assert_eq!(j.matrix.as_slice(), entries);

    let square = |x: &[Var<f64>]| [x[0] * x[1], x[1]];
    assert_eq!(jacobian_with(None, square, &[2.0, 3.0]).mode, Mode::Forward, "forward where the seeds are as many");
    let tall = |x: &[Var<f64>]| [x[0], x[1], x[0] * x[1]];
    assert_eq!(jacobian_with(None, tall, &[2.0, 3.0]).seeds, 2);
}

formula!(Case15(x) = [x[0] * x[1], x[1] * x[2]]);

#[test]
fn case_15_on_every_engine() {
    assert_eq!(agree(&Case15, &[2.0, 3.0, 4.0]).jacobian, [[3.0, 2.0, 0.0], [0.0, 4.0, 3.0]]);
}

fn rosenbrock<R: Real>(x: &[R]) -> R {
    (-x[0] + 1.0).square() + (x[1] - x[0].square()).square() * 100.0
}

#[test]
fn case_16_hessian_vector_products() {
    let (x, v) = (&[1.5, 2.0], &[0.5, -1.0]);
    let h = [[2.0 - 400.0 * (x[1] - 3.0 * x[0] * x[0]), -400.0 * x[0]], [-400.0 * x[0], 200.0]];
    let wanted = [h[0][0] * v[0] + h[0][1] * v[1], h[1][0] * v[0] + h[1][1] * v[1]];
    let (forward_over_reverse, work) = count_work(|| hvp(rosenbrock, x, v));
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps, work.lanes), (1, 1, 0, 1));
    let (reverse_over_forward, work) = count_work(|| hvp_reverse_over_forward(rosenbrock, x, v));
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps, work.lanes), (1, 1, 0, 1));
    assert_eq!(forward_over_reverse, wanted);
    assert_eq!(reverse_over_forward, wanted);
    assert_eq!(hessian(rosenbrock, x).as_slice(), h.as_flattened());
    let list = record(2, rosenbrock);
    let gradient = list.gradient();
    let product = gradient.pullback().run(&[x[0], x[1], v[0], v[1]]);
    assert_eq!(product, wanted, "the Hessian is symmetric");
}

struct Branches;
impl Branching for Branches {
    fn at<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> Vec<R> {
        vec![if x[0] > x[1] { x[0] * x[1] } else { x[0] - x[1] }]
    }
}

#[test]
fn case_17_branch_on_a_value() {
    assert_eq!(agree(&Executed(Branches), &[3.0, 2.0]).gradient(), [2.0, 3.0]);
    assert_eq!(agree(&Executed(Branches), &[2.0, 3.0]).gradient(), [1.0, -1.0]);
}

/// The square root by Newton's iteration until the residual is small: the count depends on the data.
struct Iteration;
impl Branching for Iteration {
    fn at<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> Vec<R> {
        let mut y = x[0];
        let mut count = 0;
        while (y * y - x[0]).abs() > 1e-3 {
            y = (y + x[0] / y) * 0.5;
            count += 1;
        }
        assert!(count > 1);
        vec![y]
    }
}

#[test]
fn case_17_loop_whose_count_depends_on_the_data() {
    for x in [2.0, 10.0, 1000.0_f64] {
        let agreed = agree(&Executed(Iteration), &[x]);
        assert!((agreed.value[0] - x.sqrt()).abs() < 1e-3);
        assert!((agreed.gradient()[0] * 2.0 * x.sqrt() - 1.0).abs() < 1e-3, "{:?}", agreed.gradient());
    }
}

/// `cos x = 2 cos^2(x/2) - 1`, halved until the angle is small.
fn cosine<R: Real + PartialOrd<f64>>(x: R) -> R {
    if x.abs() < 1e-4 {
        return R::lit(1.0) - x * x * 0.5;
    }
    let half = cosine(x * 0.5);
    half * half * 2.0 - 1.0
}

struct Recursion;
impl Branching for Recursion {
    fn at<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> Vec<R> {
        vec![cosine(x[0])]
    }
}

#[test]
fn case_17_recursion() {
    let agreed = agree(&Executed(Recursion), &[1.25]);
    assert!((agreed.value[0] - 1.25f64.cos()).abs() < 1e-6);
    assert!((agreed.gradient()[0] + 1.25f64.sin()).abs() < 1e-6);
}

/// The observed list says which comparisons the path rests on.
#[test]
fn case_17_the_executed_path_is_listed() {
    let line = line!() + 1;
    let seen = observe(|x: &[Observed]| if x[0] > 1.0 { x[0].sin() } else { x[0] }, &[2.0]);
    assert_eq!(seen.list.to_string(), "inputs v0\nv1 = sin(v0)\noutputs v1\n");
    assert_eq!(seen.branches.len(), 1);
    let branch = seen.branches[0];
    assert_eq!((branch.relation, branch.values, branch.held), (Relation::Less, (1.0, 2.0), true));
    assert_eq!((branch.location.file(), branch.location.line()), (file!(), line));
}

/// On a traced number one selects; both branches are in the list, and their derivatives do not mix.
#[test]
fn case_17_selecting_instead_of_branching() {
    formula!(Selecting(x) = [R::select(x[0].is_gt(x[1]), x[0] * x[1], x[0] - x[1])]);
    assert_eq!(agree(&Selecting, &[3.0, 2.0]).gradient(), [2.0, 3.0]);
    assert_eq!(agree(&Selecting, &[2.0, 3.0]).gradient(), [1.0, -1.0]);
}

formula!(
    Overwritten(x) = [{
        let mut a = x[0];
        a += 1.0;
        a = a * a;
        a *= x[1];
        a -= x[1];
        a /= x[0];
        a
    }]
);

#[test]
fn case_18_overwriting() {
    let (x, y) = (2.0, 3.0);
    let agreed = agree(&Overwritten, &[x, y]); // y (x + 1)^2 / x - y / x = y x + 2 y
    assert_eq!(agreed.value, [12.0]);
    all_close(agreed.gradient(), &[y, x + 2.0]);
}

formula!(
    Aliased(x) = [{
        let (a, mut b) = (x[0], x[0]);
        b *= x[1];
        a * a + b
    }]
);

#[test]
fn case_18_aliasing() {
    assert_eq!(agree(&Aliased, &[2.0, 3.0]).gradient(), [7.0, 2.0]);
}

formula!(
    Written(x) = [
        {
            let mut buffer = [x[0]; 4];
            for i in 1..4 {
                buffer[i] = buffer[i - 1] * x[1];
            }
            buffer[0] = buffer[3];
            buffer.swap(1, 2);
            buffer[0] + buffer[1]
        },
        x.iter().copied().sum::<R>(),
    ]
);

#[test]
fn case_18_writing_into_an_array() {
    let agreed: Agreed = agree(&Written, &[2.0, 3.0]); // x y^3 + x y^2
    assert_eq!(agreed.value, [72.0, 5.0]);
    assert_eq!(agreed.jacobian, [[36.0, 66.0], [1.0, 1.0]]);
}

#[test]
fn case_21_perturbation_confusion() {
    assert_eq!(derivative(|x: D1| x * derivative(|y| x.lift() + y, x), 1.0), 1.0);
    assert_eq!(grad(|x: Var<f64>| x * grad(|y| x.lift() + y, x), 1.0), 1.0);
    assert_eq!(grad(|x: Var<f64>| x * derivative(|y| Dual::constant(x) + y, x), 1.0), 1.0);
    assert_eq!(derivative(|x: D1| x * grad(|y| Var::constant(x) + y, x), 1.0), 1.0);
    // The list: the inner derivative is itself a list, which the outer program runs.
    let inner: List = record(2, |v| v[0] + v[1]).gradient();
    let outer = record(1, |x| x[0] * inner.run(&[x[0], x[0]])[1]);
    assert_eq!(outer.gradient().run(&[1.0]), [1.0]);
    assert!(matches!(outer.op(0), Op::Input));
}
