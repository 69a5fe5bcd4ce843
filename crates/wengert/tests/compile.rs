//! Compiled functions against the tape, on programs with and without loops.

use crate::operations::Polar;
use crate::panics::says as panic_says;
use expect_test::{Expect, expect};
use wengert::{
    Compiled, Derived, Elementary, Function, List, Operation, Real, Result, Rows, Var, compile, function, grad,
    hessian, hvp, jacobian, jvp, linearize, record, trace,
};

/// A program, and a point.
struct Case {
    name: &'static str,
    list: List,
    x: Vec<f64>,
}

fn case(name: &'static str, f: &impl Function, x: &[f64]) -> Case {
    Case { name, list: trace(f, x.len()), x: x.to_vec() }
}

fn product<R: Real>(x: &[R]) -> R {
    x[0] * x[1] + x[0].sin() - x[2].powi(3)
}

fn chosen<R: Real>(x: &[R]) -> R {
    let low = x[0].is_lt(x[1]) & !x[2].is_ge(R::lit(0.0));
    R::select(low, x[0].exp() * x[2], x[1].abs().sqrt()) + x[0].max(x[2])
}

fn many_operands<R: Real>(x: &[R]) -> R {
    R::log_sum_exp(x) + R::norm(x) * R::dot(x, x) + R::prod_of(x)
}

fn likelihood<R: Real>(x: &[R]) -> R {
    let data: Vec<f64> = (0..300).map(|i| (f64::from(i) * 0.7).sin()).collect();
    R::sum_rows(&Rows::new(100).data(&data, 3), |row| {
        let scale = x[0].exp();
        R::log_sum_exp(&[(row[0] - x[1]) * scale, (row[1] * x[2]).sin(), row[2] * x[1]])
    }) * 0.5
        - x[2]
}

fn steps<R: Real>(x: &[R]) -> R {
    let state = R::scan((x[0], [x[1], x[0] * 0.5]), &Rows::new(3).vary(x, 1), |(a, [b, c]), row| {
        ((a * b).sin() + row[0], [b * row[0] + a * x[0], c + a * a])
    });
    state.0 + state.1[1]
}

fn nested<R: Real>(x: &[R]) -> R {
    let rows = Rows::new(4).vary(x, 1).gather(x, 2, &[1, 0, 1, 0]);
    let [y, z] = R::map_rows(&rows, |row| [row[0] * row[1].exp() + x[0], row[2] * row[0]]);
    let inner = R::sum_rows(&Rows::new(4).vary(&y, 1).vary(&z, 1), |row| {
        R::sum_rows(&Rows::new(4).vary(x, 1), |r| (r[0] * row[0]).cos() * row[1])
    });
    inner + y[2]
}

fn chain<R: Real>(x: &[R]) -> R {
    let n = x.len() - 1;
    let ends = Rows::new(n).vary(&x[..n], 1).vary(&x[1..], 1);
    R::sum_rows(&ends, |ends| (ends[1] - ends[0].square()).square() * 3.0 + (ends[0] - x[0]).cos()) + x[1] * x[n]
}

fn two_sums<R: Real>(x: &[R]) -> R {
    let index = [0, 2, 1, 2, 0];
    let a = R::sum_rows(&Rows::new(5).gather(x, 1, &index).gather(x, 1, &[2, 2, 2, 1, 0]), |r| (r[0] * r[1]).exp());
    let b = R::sum_rows(&Rows::new(5).gather(x, 1, &index), |r| r[0].powi(4));
    a - b / 3.0
}

fn scalars() -> Vec<Case> {
    let long: Vec<f64> = (0..130).map(|i| (f64::from(i) * 0.37).sin()).collect();
    vec![
        case("product", &function!(product), &[0.7, -1.2, 0.4]),
        case("chosen", &function!(chosen), &[0.2, 0.5, -0.3]),
        case("chosen otherwise", &function!(chosen), &[0.9, 0.5, -0.3]),
        case("many operands", &function!(many_operands), &[0.2, 0.5, -0.3, 1.1]),
        case("likelihood", &function!(likelihood), &[0.2, 0.4, -0.3]),
        case("steps", &function!(steps), &[0.2, 0.4, -0.3]),
        case("nested", &function!(nested), &[0.2, 0.4, -0.3, 0.9]),
        case("chain", &function!(chain), &[0.2, 0.4, -0.3, 0.9]),
        case("long chain", &function!(chain), &long),
        case("two sums", &function!(two_sums), &[0.2, 0.4, -0.3]),
        case("a constant", &function!(constant), &[0.2]),
        case("an input", &function!(second), &[0.2, 0.3]),
    ]
}

fn constant<R: Real>(_: &[R]) -> R {
    R::lit(2.5)
}

fn second<R: Real>(x: &[R]) -> R {
    x[1]
}

fn pairs<R: Real>(x: &[R]) -> Vec<R> {
    vec![x[0] * x[1], x[1].sin(), R::lit(4.0), x[0], x[0]]
}

fn residuals<R: Real>(x: &[R]) -> Vec<R> {
    // Three cameras of two numbers, four points of one, a weight for each of five observations.
    let (cameras, rest) = x.split_at(6);
    let (points, weights) = rest.split_at(4);
    let features = [0.1, 0.2, 0.3, 0.4, 0.5];
    let rows = Rows::new(5).gather(cameras, 2, &[0, 1, 2, 0, 1]).gather(points, 1, &[3, 2, 1, 0, 0]);
    let [a, b] = R::map_rows(&rows.vary(weights, 1).data(&features, 1), |r| {
        [r[3] * (r[0] * r[2] - r[4]), r[3] * ((r[1] * r[2]).sin() - r[4])]
    });
    let [w] = R::map_rows(&Rows::new(5).vary(weights, 1), |w| [R::lit(1.0) - w[0].square()]);
    a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).chain(w).collect()
}

fn maps_apart<R: Real>(x: &[R]) -> Vec<R> {
    let [a, b] = R::map_rows(&Rows::new(3).gather(x, 1, &[2, 0, 1]).gather(x, 1, &[1, 1, 1]), |r| {
        [r[0] * r[1] * x[3], r[0].exp()]
    });
    let sum = R::sum_of(&a) * x[0];
    [&b[..2], &a[..], &b[1..], &[sum, x[2]]].concat()
}

fn wide<R: Real>(x: &[R]) -> Vec<R> {
    let [y] = R::map_rows(&Rows::new(70).data(&[0.5; 70], 1), |row| [(row[0] * x[0]).sin() * x[1]]);
    y
}

fn tall<R: Real>(x: &[R]) -> Vec<R> {
    (0..20).map(|i| (x[i % 3] * f64::from(i as u32)).sin() * x[2]).collect()
}

fn broad<R: Real>(x: &[R]) -> Vec<R> {
    (0..12).map(|i| x[i].exp() * x[i + 1] + R::sum_of(x)).collect()
}

fn vectors() -> Vec<Case> {
    let weights: Vec<f64> = (0..15).map(|i| (f64::from(i) * 0.37).cos()).collect();
    vec![
        case("pairs", &function!(pairs -> Vec<R>), &[0.7, -1.2]),
        case("residuals", &function!(residuals -> Vec<R>), &weights),
        case("maps apart", &function!(maps_apart -> Vec<R>), &[0.7, -1.2, 0.4, 2.0]),
        case("wide", &function!(wide -> Vec<R>), &[0.7, -1.2]),
        case("tall", &function!(tall -> Vec<R>), &[0.7, -1.2, 0.4]),
        case("broad", &function!(broad -> Vec<R>), &weights[..13]),
    ]
}

#[track_caller]
fn close(name: &str, got: &[f64], wanted: &[f64]) {
    assert_eq!(got.len(), wanted.len(), "{name}");
    for (i, (a, b)) in got.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= 1e-11 * (1.0 + b.abs()), "{name}: {a} is not {b} at {i}");
    }
}

/// Numbers beside a point.
fn direction(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 1.3 + 0.5).cos()).collect()
}

#[test]
fn scalar_functions_agree_with_the_tape() -> Result<()> {
    for Case { name, list, x } in scalars() {
        let f = Compiled::<f64>::of(&list);
        let on_tape = |x: &[Var<f64>]| list.run(x)[0];
        let expected = grad(on_tape, &x);
        close(name, &[f.value(&x)?], &list.run(&x));
        close(name, &f.grad(&x)?, &expected);
        let (y, g) = f.value_and_grad(&x)?;
        close(name, &[y], &list.run(&x));
        close(name, &g, &expected);
        let v = direction(x.len());
        let expected_hv = hvp(|x: &[_]| list.run(x)[0], &x, &v);
        close(name, &f.hvp(&x, &v)?, &expected_hv);
        let (g, hv) = f.grad_and_hvp(&x, &v)?;
        close(name, &g, &expected);
        close(name, &hv, &expected_hv);
        let expected = hessian(|x: &[_]| list.run(x)[0], &x);
        close(name, f.hessian(&x)?.as_slice(), expected.as_slice());
        let sparse = f.sparse_hessian(&x)?;
        for i in 0..x.len() {
            let mut row = vec![0.0; x.len()];
            sparse.row(i).for_each(|(j, &value)| row[j] = value);
            close(name, &row, expected.row(i));
        }
        let (y, g) = f.value_and_grad_checked(&x)?;
        close(name, &[&[y][..], &g].concat(), &[&list.run(&x)[..], &f.grad(&x)?].concat());
    }
    Ok(())
}

#[test]
fn functions_of_several_outputs_agree_with_the_tape() -> Result<()> {
    for Case { name, list, x } in scalars().into_iter().chain(vectors()) {
        let f = Compiled::<f64>::of(&list);
        close(name, &f.values(&x)?, &list.run(&x));
        let expected = jacobian(|x: &[Var<f64>]| list.run(x), &x);
        close(name, f.jacobian(&x)?.as_slice(), expected.as_slice());
        let (v, w) = (direction(x.len()), direction(list.outputs().len()));
        close(name, &f.jvp(&x, &v)?, &jvp(|x: &[_]| list.run(x), &x, &v).1);
        close(name, &f.vjp(&x, &w)?, &linearize(|x: &[_]| list.run(x), &x).1.vjp(&w));
        let sparse = f.sparse_jacobian(&x)?;
        assert_eq!((sparse.rows(), sparse.width()), (list.outputs().len(), x.len()));
        for i in 0..sparse.rows() {
            let mut row = vec![0.0; x.len()];
            assert!(sparse.row(i).map(|(j, _)| j).is_sorted_by(|a, b| a < b), "{name}");
            sparse.row(i).for_each(|(j, &value)| row[j] = value);
            close(name, &row, expected.row(i));
        }
    }
    Ok(())
}

#[test]
fn many_points_agree_with_one() -> Result<()> {
    for Case { name, list, x } in scalars().into_iter().chain(vectors()) {
        for threads in [1, 3] {
            let f = Compiled::<f64>::of(&list).threads(threads);
            for count in [0, 1, 5, 64, 65, 200, 1200] {
                if count > 70 && x.len() > 20 {
                    continue;
                }
                let point = |i: usize| x.iter().map(move |x| x + 1e-3 * i as f64);
                let points: Vec<f64> = (0..count).flat_map(point).collect();
                let many = f.many(&points)?;
                assert_eq!((many.rows(), many.cols()), (count, f.outputs()));
                for (i, x) in points.chunks_exact(x.len()).enumerate().step_by(7) {
                    close(name, many.row(i), &f.values(x)?);
                }
                if f.outputs() == 1 {
                    let many = f.many_grads(&points)?;
                    for (i, x) in points.chunks_exact(x.len()).enumerate().step_by(7) {
                        close(name, many.row(i), &f.grad(x)?);
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_pattern_is_known_before_and_values_come_later() -> Result<()> {
    let f = compile(&function!(residuals -> Vec<R>), 15);
    let mut j = f.jacobian_sparsity()?;
    assert_eq!(&j.starts()[..4], [0, 3, 6, 9]);
    assert_eq!(&j.cols()[..9], [0, 9, 10, 1, 9, 10, 2, 8, 11]);
    assert_eq!(j.starts()[15], 35);
    assert_eq!(&j.cols()[30..], [10, 11, 12, 13, 14]);
    assert!(j.values().iter().all(|&x| x == 0.0));
    f.sparse_jacobian_into(&[1.0; 15], &mut j)?;
    assert_eq!(&j.values()[..3], [1.0, 1.0, 0.9]);
    // The blocks of each loop lie in its results as they lie in the matrix: nothing is moved.
    let list = f.list(Derived::SparseJacobian)?;
    assert!(list.outputs().windows(2).all(|two| two[1] == two[0] + 1));
    assert!(!list.loops().is_empty());
    assert!(list.loops().iter().all(|l| l.rows() == 5));
    Ok(())
}

#[test]
fn sparse_matrices_have_no_more_entries_than_they_need() -> Result<()> {
    let long = 200;
    let f = compile(&function!(plain_chain), long);
    assert_eq!(f.hessian_sparsity()?.cols().len(), 3 * long - 2);
    let f = compile(&function!(maps_apart -> Vec<R>), 4);
    let columns = |i: usize| f.jacobian_sparsity().map(|j| j.row(i).map(|(j, _)| j).collect::<Vec<_>>());
    assert_eq!((columns(0)?, columns(2)?, columns(4)?), (vec![2], vec![1, 2, 3], vec![1, 3]));
    Ok(())
}

fn plain_chain<R: Real>(x: &[R]) -> R {
    let n = x.len() - 1;
    let ends = Rows::new(n).vary(&x[..n], 1).vary(&x[1..], 1);
    R::sum_rows(&ends, |ends| (ends[1] - ends[0].square()).square())
}

#[test]
fn single_precision_is_that_of_double_rounded() -> Result<()> {
    for Case { name, list, x } in scalars() {
        let (f, double) = (Compiled::<f32>::of(&list), Compiled::<f64>::of(&list));
        let short: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let long: Vec<f64> = short.iter().map(|&x| f64::from(x)).collect();
        let close = |got: &[f32], wanted: &[f64]| {
            for (a, b) in got.iter().zip(wanted) {
                assert!((f64::from(*a) - b).abs() <= 1e-4 * (1.0 + b.abs()), "{name}: {a} is not {b}");
            }
        };
        close(&[f.value(&short)?], &[double.value(&long)?]);
        close(&f.grad(&short)?, &double.grad(&long)?);
        close(f.hessian(&short)?.as_slice(), double.hessian(&long)?.as_slice());
        close(f.sparse_hessian(&short)?.values(), double.sparse_hessian(&long)?.values());
    }
    Ok(())
}

#[test]
fn calls_on_eight_threads_give_the_same_bits() -> Result<()> {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Compiled<f64>>();
    is_send_and_sync::<Compiled<f32>>();
    for Case { name, list, x } in scalars() {
        let f = Compiled::<f64>::of(&list);
        let on_two = Compiled::<f64>::of(&list).threads(2);
        let bits = |f: &Compiled| f.grad(&x).map(|g| g.into_iter().map(f64::to_bits).collect::<Vec<_>>());
        let all = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| (0..20).map(|_| bits(&f)).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no thread panics")).collect::<Result<Vec<_>>>()
        })?;
        let first = bits(&on_two)?;
        assert!(all.iter().all(|bits| *bits == first), "{name}");
    }
    Ok(())
}

#[test]
fn functions_of_nothing_are_functions() -> Result<()> {
    let f = Compiled::<f64>::of(&record(0, |_| wengert::Traced::lit(3.0)));
    assert_eq!((f.value(&[])?, f.grad(&[])?, f.hessian(&[])?.rows()), (3.0, vec![], 0));
    assert_eq!((f.sparse_jacobian(&[])?.starts(), f.jvp(&[], &[])?), (&[0, 0][..], vec![0.0]));
    let f = Compiled::<f64>::of(&record(2, |x| x[..0].to_vec()));
    assert_eq!((f.values(&[1.0, 2.0])?, f.vjp(&[1.0, 2.0], &[])?), (vec![], vec![0.0, 0.0]));
    assert_eq!((f.jacobian(&[1.0, 2.0])?.cols(), f.many(&[1.0, 2.0])?.rows()), (2, 1));
    Ok(())
}

#[test]
fn operations_of_ones_own_are_called() -> Result<()> {
    fn polar<R: Real>(x: &[R]) -> Vec<R> {
        R::call(&Polar, x)
    }
    let f = compile(&function!(polar -> Vec<R>), 2);
    let x = [3.0, 4.0];
    close("polar", &f.values(&x)?, &polar(&x));
    close("polar", f.jacobian(&x)?.as_slice(), jacobian(polar, &x).as_slice());
    close("polar", &f.vjp(&x, &[1.0, 2.0])?, &linearize(|x: &[_]| polar(x), &x).1.vjp(&[1.0, 2.0]));
    Ok(())
}

#[test]
fn what_is_ready_is_reported() -> Result<()> {
    let f = compile(&function!(likelihood), 3);
    f.ready_for(Derived::Grad)?;
    f.ready_for(Derived::Hessian)?;
    let report = f.preparation();
    assert_eq!(report.derived.iter().map(|part| part.0).collect::<Vec<_>>(), [Derived::Grad, Derived::Hessian]);
    assert!(report.total() >= report.trace && !report.total().is_zero());
    let text = report.to_string();
    assert!(text.starts_with("trace ") && text.contains("Grad ") && text.contains(" lines "), "{text}");
    Ok(())
}

#[track_caller]
fn says<O: std::fmt::Debug>(result: Result<O>, wanted: Expect) {
    wanted.assert_eq(&result.expect_err("it is refused").to_string());
}

#[test]
fn wrong_sizes_are_errors() {
    let f = compile(&function!(product), 3);
    let two = Compiled::<f64>::of(&record(2, |x| [x[0], x[1]]));
    let x = [1.0, 2.0, 3.0];
    says(
        f.grad(&x[..2]),
        expect!["cannot give the gradient at 2 numbers: the compiled function has 3 inputs; give one number for each"],
    );
    says(
        f.value(&[]),
        expect!["cannot give the values at 0 numbers: the compiled function has 3 inputs; give one number for each"],
    );
    says(
        f.grad_into(&x, &mut [0.0; 2]),
        expect!["cannot give the gradient into a slice of 2 numbers: there are 3; give a slice of that length"],
    );
    says(
        f.hvp(&x, &[1.0]),
        expect![
            "cannot give a Hessian-vector product along 1 numbers: the compiled function has 3 inputs; give one number for each"
        ],
    );
    says(
        f.vjp(&x, &[1.0, 2.0]),
        expect![
            "cannot give a vector-Jacobian product from 2 adjoints: the compiled function has 1 outputs; give one for each"
        ],
    );
    says(
        f.jvp(&x, &[]),
        expect![
            "cannot give a Jacobian-vector product along 0 numbers: the compiled function has 3 inputs; give one number for each"
        ],
    );
    says(
        f.many(&[1.0; 7]),
        expect![
            "cannot give the values of many points out of 7 numbers: a point of the compiled function has 3 numbers, and the last would not be whole; give one number for each input, point after point"
        ],
    );
    says(
        two.grad(&x[..2]),
        expect![
            "cannot give the gradient of a compiled function of 2 outputs: it is of one; choose it by `List::with_outputs`, or take all values, products by `vjp`, or the Jacobian"
        ],
    );
    says(
        two.value(&x[..2]),
        expect![
            "cannot give the value of a compiled function of 2 outputs: it is of one; choose it by `List::with_outputs`, or take all values, products by `vjp`, or the Jacobian"
        ],
    );
    says(
        two.hessian(&x[..2]),
        expect![
            "cannot give the Hessian of a compiled function of 2 outputs: it is of one; choose it by `List::with_outputs`, or take all values, products by `vjp`, or the Jacobian"
        ],
    );
    says(
        two.list(Derived::ManyGrads),
        expect![
            "cannot give the gradients of many points of a compiled function of 2 outputs: it is of one; choose it by `List::with_outputs`, or take all values, products by `vjp`, or the Jacobian"
        ],
    );
    says(
        f.sparse_hessian_into(&x, &mut two.jacobian_sparsity().expect("a pattern")),
        expect![
            "cannot give the sparse Hessian into a matrix of 2 entries in 2 rows and 2 columns: it has another pattern; make it by `jacobian_sparsity` or `hessian_sparsity` of the same function"
        ],
    );
}

#[test]
fn checked_gradients_say_where_it_began() -> Result<()> {
    let f = Compiled::<f64>::of(&record(1, |x| (x[0] - 1.0).ln() * 2.0));
    let text = |f: &Compiled, x: f64| {
        let text = f.value_and_grad_checked(&[x]).expect_err("it is refused").to_string();
        text.split(" (at ").next().unwrap_or_default().to_owned()
    };
    expect!["cannot give the value: it is -inf; the first that was not finite: `ln` of 0 is -inf"]
        .assert_eq(&text(&f, 1.0));
    expect!["cannot differentiate the compiled function at this point: input 0 is inf; give finite numbers"]
        .assert_eq(&text(&f, f64::INFINITY));
    let f = Compiled::<f64>::of(&record(1, |x| x[0].sqrt()));
    expect!["cannot give the gradient: a derivative is not finite; the first that was not finite: `recip` of 0 is inf"]
        .assert_eq(&text(&f, 0.0));
    let f = Compiled::<f64>::of(&record(1, |x| x[0].sqrt().powi(2)));
    expect!["cannot vouch for the gradient: a zero derivative met one that is not finite; the first that was not finite: `recip` of 0 is inf"].assert_eq(&text(&f, 0.0));
    let f = Compiled::<f64>::of(&record(1, |x| x[0] * 1e200 * (x[0] * 1e-200)));
    expect!["cannot give the value: it is inf; the first that was not finite: `mul` of 1e200, 1e200 is inf"]
        .assert_eq(&text(&f, 1e200));
    Ok(())
}

#[test]
fn numbers_that_are_not_there_are_told_at_the_users_line() {
    let f = compile(&function!(product), 3);
    panic_says(
        || f.jacobian_sparsity().map(|j| j.row(1).count()),
        expect!["cannot take row 1 of a sparse matrix of 1 rows: they count from 0"],
    );
    panic_says(
        || compile(&function!(product), 3).threads(0),
        expect!["cannot run on 0 threads: give 1 for the thread that calls"],
    );
}

/// Its pullback is no product with its seed.
#[derive(Clone)]
struct Crooked;

impl Operation for Crooked {
    fn name(&self) -> &'static str {
        "crooked"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0].sin(), x[0]]
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0].square() / ybar[0] * x[0].cos() + ybar[1]]
    }
}

#[test]
fn a_pullback_that_is_not_linear_has_no_transpose() {
    let f = Compiled::<f64>::of(&record(1, |x| Real::call(&Crooked, x)));
    says(
        f.jvp(&[0.0], &[1.0]),
        expect![
            "cannot give a Jacobian-vector product of a compiled function: an operation of one's own has a pullback whose derivative reads its seeds; write it linear in them, or use `vjp`"
        ],
    );
}
