//! The worked cases of the textbook that are of tensors, by name.

use wengert::tensor::{
    DType, Tensor, adjoints, call_scalar, eval, grad, jvp, s, statistics, value_and_grad, value_and_grad_report, vjp,
};
use wengert::{Real, function};

#[track_caller]
fn close(got: &Tensor, want: &[f64]) {
    let got = got.to_vec::<f64>();
    assert_eq!(got.len(), want.len(), "{got:?} instead of {want:?}");
    for (got_one, want_one) in got.iter().zip(want) {
        assert!((got_one - want_one).abs() <= 1e-14 * (1.0 + want_one.abs()), "{got:?} instead of {want:?}");
    }
}

/// Small whole numbers: all sums of their products are exact.
fn whole(seed: i64, shape: [usize; 2]) -> Tensor {
    let numbers = (0..(shape[0] * shape[1]) as i64).map(|i| ((i * 7 + seed * 5) % 11 - 5) as f64);
    Tensor::new(numbers.collect::<Vec<_>>(), shape)
}

/// The product of two matrices of numbers, by three loops.
fn product(a: &[f64], b: &[f64], [m, k, n]: [usize; 3]) -> Vec<f64> {
    let at = |i: usize, j: usize| (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum();
    (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
}

fn transposed(a: &[f64], [m, n]: [usize; 2]) -> Vec<f64> {
    (0..n).flat_map(|j| (0..m).map(move |i| a[i * n + j])).collect()
}

/// That no transposed copy is made is counted in `run/contract/tests.rs`.
#[test]
fn case_05_linear_layer() {
    for [batch, inputs, outputs] in [[2, 3, 2], [1, 1, 1], [5, 4, 1], [17, 33, 9], [0, 3, 2]] {
        let (x, w, b) = (whole(1, [batch, inputs]), whole(2, [inputs, outputs]), whole(3, [1, outputs]));
        let b = b.reshape([outputs]);
        let ybar = whole(4, [batch, outputs]);
        let (y, pullback) = vjp(|(x, w, b)| x.matmul(w) + b, &(x.clone(), w.clone(), b.clone()));
        let (xbar, wbar, bbar) = pullback.call(&ybar);
        let [x, w, b, g] = [x, w, b, ybar].map(|x| x.to_vec::<f64>());
        let mut want = product(&x, &w, [batch, inputs, outputs]);
        want.iter_mut().enumerate().for_each(|(i, y)| *y += b[i % outputs]);
        assert_eq!(y.to_vec::<f64>(), want);
        assert_eq!(xbar.to_vec::<f64>(), product(&g, &transposed(&w, [inputs, outputs]), [batch, outputs, inputs]));
        assert_eq!(wbar.to_vec::<f64>(), product(&transposed(&x, [batch, inputs]), &g, [inputs, batch, outputs]));
        assert_eq!(bbar.to_vec::<f64>(), product(&vec![1.0; batch], &g, [1, batch, outputs]));
    }
}

#[test]
fn case_06_relu_layer() {
    let x = Tensor::from([-2.0, -0.0, 0.0, 0.5, 3.0]);
    let ybar = Tensor::from([1.0, 10.0, 100.0, 1000.0, 10_000.0]);
    let (y, pullback) = vjp(|x| x.relu(), &x);
    assert_eq!(y.to_vec::<f64>(), [0.0, 0.0, 0.0, 0.5, 3.0]);
    assert_eq!(pullback.call(&ybar).to_vec::<f64>(), [0.0, 0.0, 0.0, 1000.0, 10_000.0]);
    assert_eq!(jvp(|x| x.relu(), &x, &ybar).1.to_vec::<f64>(), [0.0, 0.0, 0.0, 1000.0, 10_000.0]);
    assert_eq!(grad(|x| x.relu().sum(..), &x).to_vec::<f64>(), [0.0, 0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn case_07_softmax_cross_entropy() {
    let labels = Tensor::from([1_i64, 2]);
    for logits in [[2.0, 0.5, -1.0, 0.25, 1.0, 3.0], [1e4, -1e4, 0.0, -1e4, 1e4, 1e4], [0.0; 6]] {
        let x = Tensor::new(logits, [2, 3]);
        let (y, slope) = value_and_grad(|x| x.cross_entropy(&labels), &x);
        let (mut loss, mut want) = (0.0, Vec::new());
        for (row, right) in logits.chunks_exact(3).zip([1, 2]) {
            let greatest = row.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = row.iter().map(|x| (x - greatest).exp()).sum();
            loss += (greatest + sum.ln() - row[right]) / 2.0;
            let softmax = row.iter().map(|x| (x - greatest).exp() / sum);
            want.extend(softmax.enumerate().map(|(i, p)| (p - f64::from(u8::from(i == right))) / 2.0));
        }
        close(&y, &[loss]);
        close(&slope, &want);
        let soft = labels.one_hot(3, DType::F64);
        close(&grad(|x| x.cross_entropy(&soft), &x), &want);
    }
    // One rule: its inputs are the logits and what they were computed by, not a chain of exp, sum, ln.
    let all = adjoints(|x| x.cross_entropy(&labels), &Tensor::new([2.0, 0.5, -1.0, 0.25, 1.0, 3.0], [2, 3]));
    let reached = all.nodes.iter().filter(|node| node.adjoint.to_vec::<f64>().iter().any(|x| *x != 0.0));
    let names: Vec<&str> = reached.map(|node| node.operation).collect();
    assert!(!names.contains(&"exp") && !names.contains(&"ln"), "{names:?}");
}

#[test]
fn case_18_overwriting() {
    let f = |(x, z): &(Tensor, Tensor)| {
        let mut a = x.clone();
        a += 1.0;
        a = &a * &a;
        a *= z;
        a
    };
    let (x, z) = (Tensor::from([2.0, -1.5]), Tensor::from([3.0, 0.5]));
    let (dx, dz) = grad(|xz| f(xz).sum(..), &(x.clone(), z));
    assert_eq!((dx.to_vec::<f64>(), dz.to_vec::<f64>()), (vec![18.0, -0.5], vec![9.0, 0.25]));
    assert_eq!(x.to_vec::<f64>(), [2.0, -1.5], "the user's tensor is as it was");
}

#[test]
fn case_18_aliasing() {
    let f = |(x, z): &(Tensor, Tensor)| {
        let (a, mut b) = (x.clone(), x.clone());
        b *= z;
        b.set(s![0], 7.0);
        (&a * &a + b).sum(..)
    };
    let (dx, dz) = grad(f, &(Tensor::from([2.0, 3.0]), Tensor::from([10.0, 100.0])));
    assert_eq!((dx.to_vec::<f64>(), dz.to_vec::<f64>()), (vec![4.0, 106.0], vec![0.0, 3.0]));
    // Values that were asked for before are as they were.
    let a = Tensor::from([1.0, 2.0]);
    let (mut b, seen) = (a.clone(), a.to_vec::<f64>());
    b.set(s![1], 5.0);
    assert_eq!((a.to_vec::<f64>(), b.to_vec::<f64>()), (seen, vec![1.0, 5.0]));
}

#[test]
fn case_18_writing_into_an_array() {
    let f = |(x, z): &(Tensor, Tensor)| {
        let mut buffer = x.expand([4]);
        for i in 1..4_isize {
            let next = buffer.slice(s![i - 1]) * z;
            buffer.set(s![i], &next);
        }
        let last = buffer.slice(s![3]);
        buffer.set(s![0], &last);
        buffer.slice(s![0]) + buffer.slice(s![2])
    };
    // y = x z^3 + x z^2
    let (x, z) = (2.0_f64, 3.0_f64);
    let (y, (dx, dz)) = value_and_grad(f, &(Tensor::from(x), Tensor::from(z)));
    assert_eq!(y.item::<f64>(), x * z.powi(3) + x * z * z);
    assert_eq!((dx.item::<f64>(), dz.item::<f64>()), (z.powi(3) + z * z, 3.0 * x * z * z + 2.0 * x * z));
}

fn squared_miss<R: Real>(x: &[R]) -> R {
    (x[0] + x[1] * x[2] - x[3]).square()
}

fn misfit<R: Real>(line: &[R], points: &[f64]) -> R {
    let misses: Vec<R> = points.chunks_exact(2).map(|point| line[0] + line[1] * point[0] - point[1]).collect();
    R::dot(&misses, &misses)
}

/// One function as numbers, as tensors, and each inside the other: equal results; nodes and bytes say what was kept.
#[test]
fn case_19_granularity() {
    for count in [4, 64, 1024] {
        let points: Vec<f64> = (0..count).flat_map(|i| [f64::from(i) / 4.0, f64::from(i % 7)]).collect();
        let column = |k: usize| Tensor::from(points.iter().skip(k).step_by(2).copied().collect::<Vec<_>>());
        let (t, y) = (column(0), column(1));
        let (value, slopes, scalars) = wengert::value_and_grad_report(|line| misfit(line, &points), &[0.5, 2.0]);
        let start = (Tensor::from(0.5), Tensor::from(2.0));
        let whole = |(a, b): &(Tensor, Tensor)| (a + b * &t - &y).square().sum(..);
        let mapped = |(a, b): &(Tensor, Tensor)| Tensor::map_many(&function!(squared_miss), &[a, b, &t, &y])[0].sum(..);
        let one = |(a, b): &(Tensor, Tensor)| {
            call_scalar(&function!(misfit, points: &[f64]), &Tensor::stack(&[a, b], 0)).sum(..)
        };
        let mut nodes = Vec::new();
        for f in [&whole as &dyn Fn(&(Tensor, Tensor)) -> Tensor, &mapped, &one] {
            let (found, (da, db), report) = value_and_grad_report(f, &start);
            close(&found, &[value]);
            close(&da, &[slopes[0]]);
            close(&db, &[slopes[1]]);
            nodes.push((report.operations, report.bytes));
        }
        // The tensors keep the misses; the numbers a record or more for each point.
        assert!(scalars.records >= count as usize && scalars.bytes >= 24 * count as usize);
        assert_eq!(nodes[0].1, 8 * count as usize);
        assert_eq!(nodes[1].1, 8 * count as usize);
        assert!(nodes[0].0 < 10 && nodes[1].0 < 10 && nodes[2].1 <= 16, "{nodes:?}");
    }
}

#[test]
fn case_20_static_and_dynamic() {
    let f = |(x, coefficients): &(Tensor, Vec<Tensor>)| {
        let mut y = x.zeros_like();
        for coefficient in coefficients.iter().rev() {
            y = y * x + coefficient * std::f64::consts::E;
        }
        y
    };
    let at = |x: f64, coefficients: &[f64]| {
        let inputs = (Tensor::from(x), coefficients.iter().map(|&c| Tensor::from(c)).collect::<Vec<_>>());
        let (y, (dx, dc)) = value_and_grad(f, &inputs);
        eval(&[&y, &dx, &dc[0]]).unwrap();
        let e = std::f64::consts::E;
        let powers = |i: usize| x.powi(i as i32);
        let want: f64 = coefficients.iter().enumerate().map(|(i, c)| c * e * powers(i)).sum();
        let slope: f64 = coefficients.iter().enumerate().skip(1).map(|(i, c)| c * e * i as f64 * powers(i - 1)).sum();
        close(&y, &[want]);
        close(&dx, &[slope]);
        close(&dc[0], &[e]);
    };
    // The first of a structure may make a plan, others of it never do; a changed structure is never a wrong number.
    at(2.0, &[1.0, -3.0, 0.5]);
    let hits = statistics().hits;
    for i in 0..20 {
        at(f64::from(i) * 0.25, &[4.0, f64::from(i), 2.0]);
    }
    assert!(statistics().hits >= hits + 20);
    for n in 1..8 {
        at(1.5, &vec![0.5; n]);
    }
}
