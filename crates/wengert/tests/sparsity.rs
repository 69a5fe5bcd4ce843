//! Patterns of sparsity: against dense derivatives at random points, and in the shapes that users have.

use crate::optimised::lists;
use crate::random::{programs, runner};
use proptest::prelude::*;
use std::time::{Duration, Instant};
use wengert::list::Pattern;
use wengert::{Elementary, List, Real, Rows, Traced, record};

type R = Traced;

fn rows(pattern: &Pattern) -> Vec<&[u32]> {
    (0..pattern.rows()).map(|i| pattern.row(i)).collect()
}

/// Which entries of the Jacobian are not 0 at one of some points.
fn dense(list: &List, points: &[Vec<f64>]) -> Vec<Vec<u32>> {
    let (rows, cols) = (list.outputs().len(), list.inputs());
    let jacobian = list.jacobian();
    let at: Vec<Vec<f64>> = points.iter().map(|x| jacobian.run(x)).collect();
    let is_hit = |i: usize, j: usize| at.iter().any(|at| at[i * cols + j] != 0.0);
    (0..rows).map(|i| (0..cols).filter(|&j| is_hit(i, j)).map(|j| j as u32).collect()).collect()
}

/// Points without symmetry.
fn points(inputs: usize) -> Vec<Vec<f64>> {
    (1..4).map(|k| (0..inputs).map(|i| 0.3 + ((i * 7 + k * 11) % 13) as f64 / 9.0).collect()).collect()
}

/// Every entry that is not 0 somewhere is in the pattern.
fn holds(list: &List) {
    let points = points(list.inputs());
    for (i, (found, dense)) in rows(&list.jacobian_pattern()).iter().zip(dense(list, &points)).enumerate() {
        assert!(dense.iter().all(|j| found.contains(j)), "row {i}: {found:?} is not all of {dense:?} of\n{list}");
        assert!(found.is_sorted_by(|a, b| a < b), "row {i}: {found:?}");
    }
}

#[test]
fn the_pattern_of_the_corpus_is_that_of_the_dense_derivatives() {
    for (name, list) in lists() {
        let gradient = list.gradient();
        holds(&list);
        holds(&gradient);
        let found = list.hessian_pattern();
        let expected = dense(&gradient, &points(list.inputs()));
        let exceptions = ["polynomial", "chosen", "norms"]; // a zero by chance or by a branch
        if !exceptions.contains(&name) {
            assert_eq!(rows(&found), expected.iter().map(Vec::as_slice).collect::<Vec<_>>(), "{name}");
        }
        assert_eq!(rows(&found), rows(&list.optimise().hessian_pattern()), "{name}");
    }
}

#[test]
fn the_pattern_of_random_programs_has_all_that_is_not_0() {
    let checked = runner(100).run(&programs(false), |(program, x)| {
        use crate::engines::Formula;
        let list = record(x.len(), |x| program.at(x));
        let pattern = list.jacobian_pattern();
        let dense = dense(&list, &[x]);
        for (found, dense) in rows(&pattern).iter().zip(&dense) {
            prop_assert!(dense.iter().all(|j| found.contains(j)), "{:?} is not all of {:?} of\n{}", found, dense, list);
        }
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn what_gives_no_derivative_gives_no_entry() {
    let list =
        record(2, |x| [x[0].floor(), R::lit(3.0), x[0].copysign(x[1]), R::select(x[0].is_lt(x[1]), x[0], R::lit(1.0))]);
    assert_eq!(rows(&list.jacobian_pattern()), [&[][..], &[], &[0], &[0]]);
    assert_eq!(List::default().jacobian_pattern().rows(), 0);
}
#[test]
fn steps_are_followed_exactly() {
    // Each step adds its own number, and step 2 gives back what it had: a lower triangle.
    let list = record(4, |x| {
        let rows = Rows::new(3).vary(&x[1..], 1);
        R::scan([x[0], R::lit(0.0)], &rows, |[a, b], row| [b + row[0], a])
    });
    assert_eq!(rows(&list.jacobian_pattern()), [&[1, 3][..], &[0, 2]]);
    holds(&list);
}

#[test]
fn arrows_and_bands_of_many_inputs() {
    const N: usize = 100_000;
    let begun = Instant::now();
    let arrow = record(N, |x| x[1..].iter().fold(x[0].square(), |s, &y| s + y * y * x[0]));
    let pattern = arrow.hessian_pattern();
    assert_eq!((pattern.len(), pattern.row(0).len()), (3 * N - 2, N));
    assert_eq!((pattern.row(1), pattern.row(N - 1)), (&[0, 1][..], &[0, N as u32 - 1][..]));
    let band = record(N, |x| {
        let rows = Rows::new(N - 2).vary(&x[..N - 2], 1).vary(&x[1..N - 1], 1).vary(&x[2..], 1);
        R::sum_rows(&rows, |row| (row[0] - row[1] * 2.0 + row[2]).square())
    });
    let pattern = band.hessian_pattern();
    assert_eq!((pattern.row(0), pattern.row(5)), (&[0, 1, 2][..], &[3, 4, 5, 6, 7][..]));
    assert_eq!(pattern.len(), 5 * N - 6);
    assert_eq!(arrow.jacobian_pattern().len(), N);
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
}

/// As bundle adjustment has it: a camera, a point and a weight give two residuals.
fn bundle(cameras: usize, points: usize, observations: usize) -> List {
    let pick = |of: usize, step: usize| (0..observations).map(|i| ((i * step + i / 7) % of) as u32).collect::<Vec<_>>();
    let (camera, point) = (pick(cameras, 1), pick(points, 3));
    record(11 * cameras + 3 * points + observations, |x| {
        let (c, rest) = x.split_at(11 * cameras);
        let (p, w) = rest.split_at(3 * points);
        let rows = Rows::new(observations).gather(c, 11, &camera).gather(p, 3, &point).vary(w, 1);
        let [u, v] = R::map_rows(&rows, |row| {
            let (c, p, w) = (&row[..11], &row[11..14], row[14]);
            let depth = p[2] * c[2] + c[5] + c[8];
            [(p[0] * c[0] + c[3] + c[6]) / depth * c[9] * w, (p[1] * c[1] + c[4] + c[7]) / depth * c[10] * w]
        });
        u.into_iter().chain(v).collect::<Vec<_>>()
    })
}

#[test]
fn bundle_adjustment_has_a_block_for_each_observation() {
    let list = bundle(3, 5, 8);
    holds(&list);
    let expected = dense(&list, &points(list.inputs()));
    assert_eq!(rows(&list.jacobian_pattern()), expected.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let large = bundle(100, 1000, 20_000);
    let begun = Instant::now();
    assert_eq!(large.jacobian_pattern().len(), 20_000 * 2 * 10);
    println!("{:?} for 40 000 rows", begun.elapsed());
}
