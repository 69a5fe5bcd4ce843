//! Neighbours on grids large enough to run in long tiles: compiled, beside plain `f64` and the tape.

use wengert::{Boundary, Compiled, Derived, Function, Real, Rows, compile, trace, vjp};

const BOUNDARIES: [Boundary; 5] =
    [Boundary::ZERO, Boundary::Constant(0.75), Boundary::Periodic, Boundary::Clamp, Boundary::Reflect];

/// A wave in `D` dimensions, with neighbours up to two cells away and products of neighbours, beside sums of all rows.
struct Wave<const D: usize> {
    shape: [usize; D],
    boundary: Boundary,
}

impl<const D: usize> Wave<D> {
    fn cells(&self) -> usize {
        self.shape.iter().product()
    }

    /// The cell, both neighbours along each axis, and one further away along all.
    fn offsets(&self) -> Vec<[i32; D]> {
        let unit = |axis: usize, by: i32| std::array::from_fn(|k| if k == axis { by } else { 0 });
        let near = (0..D).flat_map(|axis| [unit(axis, -1), unit(axis, 1)]);
        [[0; D]].into_iter().chain(near).chain([[-2; D]]).collect()
    }
}

impl<const D: usize> Function for Wave<D> {
    type Output<R: Real> = Vec<R>;

    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        let (u, rest) = x.split_at(self.cells());
        let (before, c) = rest.split_at(self.cells());
        let offsets = self.offsets();
        let rows = Rows::new(u.len()).stencil(u, &self.shape, &offsets, self.boundary).vary(before, 1).vary(c, 1);
        let [mut next, tilted] = R::map_rows(&rows, |row| {
            let (seen, own) = row.split_at(offsets.len());
            let laplacian = R::sum_of(&seen[1..=2 * D]) - seen[0] * (2.0 * D as f64);
            let far = (seen[2 * D + 1] * seen[1]).sin();
            [seen[0] * 2.0 - own[0] + own[1] * own[1] * laplacian * 0.1, far * own[1] - own[0]]
        });
        let both = Rows::new(u.len()).stencil(&tilted, &self.shape, &offsets[1..], self.boundary).vary(&next, 1);
        let sum = R::sum_rows(&both, |row| row[0] * row[1] - row[2 * D + 1]);
        next.push(sum);
        next
    }
}

/// Numbers without a pattern between -1 and 1.
fn noise(count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * i + 7 * i) as f64 * 0.618).sin()).collect()
}

fn near(got: &[f64], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (i, (a, b)) in got.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}: number {i} is {a} instead of {b}");
    }
}

fn agree<const D: usize>(shape: [usize; D]) {
    for boundary in BOUNDARIES {
        let wave = Wave { shape, boundary };
        let what = format!("{shape:?}, {boundary:?}");
        let x = noise(3 * wave.cells());
        let (y, pull) = vjp(|x: &[_]| wave.call(x), &x);
        near(&wave.call(&x), &y, 1e-13, &what);
        let seeds = noise(y.len() + 3)[3..].to_vec();
        let g = pull.call(&seeds);
        let f = compile(&wave, x.len());
        near(&f.values(&x).unwrap(), &y, 1e-12, &what);
        near(&f.vjp(&x, &seeds).unwrap(), &g, 1e-12, &what);
        near(&f.threads(2).vjp(&x, &seeds).unwrap(), &g, 1e-12, &what);
        let single = Compiled::<f32>::of(&trace(&wave, x.len()));
        let [x32, seeds32] = [&x, &seeds].map(|x| x.iter().map(|&x| x as f32).collect::<Vec<_>>());
        let widened: Vec<f64> = single.vjp(&x32, &seeds32).unwrap().into_iter().map(f64::from).collect();
        near(&widened, &g, 1e-3, &what);
    }
}

#[test]
fn grids_of_one_axis() {
    [1, 2, 5, 64, 65, 200, 3000].into_iter().for_each(|n| agree([n]));
}

#[test]
fn grids_of_two_axes() {
    for shape in [[1, 70], [70, 1], [2, 40], [40, 2], [9, 17], [3, 130], [64, 64], [5, 700]] {
        agree(shape);
    }
}

#[test]
fn grids_of_three_axes() {
    [[3, 4, 5], [2, 2, 40], [6, 7, 9], [4, 1, 60]].into_iter().for_each(agree);
}

/// An infinite number beyond the edge of a run does not leak into the next.
#[test]
fn infinite_cells_stay_where_they_are_seen() {
    let wave = Wave { shape: [20, 30], boundary: Boundary::ZERO };
    let mut x = noise(1800);
    x[10 * 30 + 29] = f64::INFINITY; // at the end of a row
    let (y, got) = (wave.call(&x), compile(&wave, x.len()).values(&x).unwrap());
    for (i, (a, b)) in got.iter().zip(&y).enumerate() {
        assert_eq!(a.is_finite(), b.is_finite(), "number {i} is {a} instead of {b}");
    }
    assert!(y[11 * 30].is_finite() && !y[10 * 30 + 28].is_finite());
}

/// The step of a wave is one loop, its adjoint two, whatever the size of the grid, and no index is read.
#[test]
fn a_step_is_one_loop_and_its_adjoint_two() {
    struct Step;
    impl Function for Step {
        type Output<R: Real> = Vec<R>;
        fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
            let rows = Rows::new(100).stencil(x, &[10, 10], &[[0, 0], [0, 1], [1, 0]], Boundary::ZERO);
            R::map_rows(&rows, |row| [row[0] + (row[1] * row[2]).sin()])[0].clone()
        }
    }
    let f = compile(&Step, 100);
    let loops = |derived| f.list(derived).unwrap().loops().len();
    assert_eq!([loops(Derived::Values), loops(Derived::Vjp)], [1, 2]);
    for derived in [Derived::Values, Derived::Vjp] {
        assert!(!f.list(derived).unwrap().to_string().contains("i0"), "neighbours are no index");
    }
    let pattern = trace(&Step, 100).jacobian_pattern();
    assert_eq!((pattern.row(0), pattern.row(99)), (&[0, 1, 10][..], &[99][..]));
    let x = noise(100);
    let j = f.sparse_jacobian(&x).unwrap();
    assert_eq!((j.starts().len(), j.cols().len()), (101, 100 + 2 * 90));
    let dense = f.jacobian(&x).unwrap();
    for i in 0..100 {
        let own: Vec<f64> = j.row(i).map(|(_, &entry)| entry).collect();
        let wanted: Vec<f64> = j.row(i).map(|(k, _)| dense.as_slice()[100 * i + k]).collect();
        near(&own, &wanted, 1e-13, "the sparse Jacobian");
    }
}
