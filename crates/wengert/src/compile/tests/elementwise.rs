//! Lists over the rows of slices: each line of each row judged alone, and against programs of a fixed number of rows, bit
//! for bit.

use super::lines::{INPUTS, LISTS, Random, check, isas};
use crate::compile::elementwise::{Elementwise, Over};
use crate::compile::{Plain, lower};
use crate::program::{F32, Scalar};
use crate::vm::{Isa, Ready, Workspace};
use crate::{Elementary, List, Real, Rows, Traced, record};
use std::time::Instant;

/// None, one, tiles of few and of many lanes, ragged ones, the shortest stream.
const LENGTHS: [usize; 9] = [0, 1, 15, 16, 17, 63, 64, 65, 1000];
/// So many are run in pieces.
const MANY: usize = 100_000;

/// Mapped outputs, then summed ones.
fn outputs(mapped: usize, summed: usize) -> Vec<Over> {
    [vec![Over::Mapped; mapped], vec![Over::Summed; summed]].concat()
}

/// What it gives for so many rows, each output a slice of its own, and the meetings.
fn run<T: Plain>(it: &Elementwise<T>, over: &[Over], rows: usize, x: &[&[T]]) -> (Vec<Vec<T>>, u64) {
    let mut y = room(over, rows);
    let mut to: Vec<&mut [T]> = y.iter_mut().map(|y| &mut y[..]).collect();
    let meetings = it.run_range(0..rows, x, &mut to);
    (y, meetings)
}

fn room<T: Plain>(over: &[Over], rows: usize) -> Vec<Vec<T>> {
    let len = |over: &Over| if *over == Over::Mapped { rows } else { 1 };
    over.iter().map(|over| vec![<T as Scalar>::from_f64(f64::NAN); len(over)]).collect()
}

/// The bits, of any NaN the same.
fn bits<T: Plain>(y: &[Vec<T>]) -> Vec<Vec<u64>> {
    let bits = |y: &T| if y.is_nan() { f64::NAN.to_bits() } else { y.to_f64().to_bits() };
    y.iter().map(|y| y.iter().map(bits).collect()).collect()
}

/// The numbers of an input for so many rows.
fn slice<T: Plain>(rows: usize, stride: u32, random: &mut Random) -> Vec<T> {
    let len = if stride == 0 { 1 } else { rows * stride as usize };
    (0..len).map(|_| Scalar::from_f64(random.number())).collect()
}

/// Row `i` of all inputs.
fn row<T: Plain>(x: &[Vec<T>], strides: &[u32], i: usize) -> Vec<T> {
    x.iter().zip(strides).map(|(x, &stride)| x[i * stride as usize]).collect()
}

#[test]
fn every_line_of_every_row() {
    for seed in 0..LISTS / 2 {
        let mut random = Random(seed ^ 0x1111);
        let list = random.list();
        let strides: Vec<u32> = (0..INPUTS).map(|_| random.of(&[0, 1, 1, 3])).collect();
        let over = outputs(list.outputs().len(), 0);
        for isa in isas() {
            let it = Elementwise::<f64>::on(&list, &strides, &over, isa).unwrap();
            let rows = random.of(&LENGTHS);
            let x: Vec<Vec<f64>> = strides.iter().map(|&stride| slice(rows, stride, &mut random)).collect();
            let (y, _) = run(&it, &over, rows, &x.iter().map(|x| &x[..]).collect::<Vec<_>>());
            for i in (0..rows).step_by(if rows > 100 { 7 } else { 1 }) {
                let all: Vec<f64> = y.iter().map(|y| y[i]).collect();
                assert!(list.outputs()[..INPUTS].iter().all(|&id| (id as usize) < INPUTS), "inputs are outputs here");
                let same = |(a, b): (&f64, f64)| a.to_bits() == b.to_bits();
                assert!(all.iter().zip(row(&x, &strides, i)).all(same), "row {i} of {strides:?}");
                check(&list, &all, &format!("{isa:?}, list {seed}, row {i} of {rows}, strides {strides:?}"));
            }
        }
    }
}

/// Against the program of a fixed number of rows, which reads the same numbers from one slice, row after row.
fn the_bits_of_a_fixed_number<T: Plain>() {
    for seed in 0..LISTS / 4 {
        let mut random = Random(seed ^ 0x2222);
        let list = random.list();
        let over = outputs(list.outputs().len(), 0);
        for (k, &rows) in LENGTHS[2..].iter().enumerate() {
            if !(seed as usize + k).is_multiple_of(3) {
                continue;
            }
            let x: Vec<T> = slice(rows * INPUTS, 1, &mut random);
            let ready = Ready::new(lower(&list.at_points(0, rows))).unwrap();
            let columns: Vec<Vec<T>> =
                (0..INPUTS).map(|j| x.iter().skip(j).step_by(INPUTS).copied().collect()).collect();
            for isa in isas() {
                let mut flat = vec![T::default(); rows * over.len()];
                ready.run(&mut Workspace::default(), &[&x], &mut [&mut flat], isa, 1);
                let fixed: Vec<Vec<T>> =
                    (0..over.len()).map(|j| flat.iter().skip(j).step_by(over.len()).copied().collect()).collect();
                let apart = Elementwise::<T>::on(&list, &[1; INPUTS], &over, isa).unwrap();
                let (y, _) = run(&apart, &over, rows, &columns.iter().map(|x| &x[..]).collect::<Vec<_>>());
                assert!(bits(&y) == bits(&fixed), "{isa:?}, list {seed}, {rows} rows");
                let strided = Elementwise::<T>::on(&list, &[INPUTS as u32; INPUTS], &over, isa).unwrap();
                let (y, _) = run(&strided, &over, rows, &(0..INPUTS).map(|j| &x[j..]).collect::<Vec<_>>());
                assert!(bits(&y) == bits(&fixed), "{isa:?}, list {seed}, {rows} rows in strides");
            }
        }
    }
}

#[test]
fn as_for_a_fixed_number_of_rows() {
    the_bits_of_a_fixed_number::<f64>();
    the_bits_of_a_fixed_number::<f32>();
}

/// `exp(tanh(x w + b)) sin(x)`, of `x` that varies and `w`, `b` that may, and `x w`.
fn smooth() -> List {
    record(3, |x: &[Traced]| [(x[0] * x[1] + x[2]).tanh().exp() * x[0].sin(), x[0] * x[1]])
}

/// A list whose functions are quiet, against the list itself, row by row.
fn quiet<T: Plain>(run_list: impl Fn(&List, &[T]) -> Vec<f64>, off: f64) {
    let list = smooth();
    let list = list.with_outputs(&[list.outputs(), list.outputs()].concat());
    let over = outputs(2, 2);
    for isa in isas() {
        for strides in [[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1], [2, 0, 1]] {
            let it = Elementwise::<T>::on(&list.optimise(), &strides, &over, isa).unwrap();
            assert!(it.open.is_stream(), "{strides:?}");
            for rows in LENGTHS.into_iter().chain([MANY]) {
                let at = |k: usize| <T as Scalar>::from_f64((k * 37 % 1001) as f64 / 250.0 - 2.0);
                let fill = |(j, &stride): (usize, &u32)| (0..1 + rows * stride as usize).map(|k| at(k + j)).collect();
                let x: Vec<Vec<T>> = strides.iter().enumerate().map(fill).collect();
                let slices: Vec<&[T]> = x.iter().map(|x| &x[..]).collect();
                let (y, _) = run(&it, &over, rows, &slices);
                let (mut sums, mut sizes) = ([0.0; 2], [0.0; 2]);
                for (i, both) in y[0].iter().zip(&y[1]).map(|(a, b)| [*a, *b]).enumerate() {
                    for (j, wanted) in run_list(&list, &row(&x, &strides, i)).into_iter().take(2).enumerate() {
                        let got = both[j].to_f64();
                        assert!((got - wanted).abs() <= off * (1.0 + wanted.abs()), "{got} instead of {wanted}");
                        (sums[j], sizes[j]) = (sums[j] + got, sizes[j] + got.abs());
                    }
                }
                for j in 0..2 {
                    let (got, wanted) = (y[2 + j][0].to_f64(), sums[j]);
                    // A sum of lanes in tiles: far fewer additions one after the other than rows.
                    let off = off * (sizes[j] + 1.0) * (rows as f64).sqrt().max(1.0);
                    assert!((got - wanted).abs() <= off, "{got} instead of {wanted}, {rows} rows, {strides:?} {isa:?}");
                }
            }
        }
    }
}

#[test]
fn as_the_list_row_by_row() {
    quiet::<f64>(|list, x| list.run(x), 1e-15 * 8.0);
    let single = |list: &List, x: &[f32]| {
        let x: Vec<F32> = x.iter().map(|&x| F32(x)).collect();
        list.run(&x).into_iter().map(|y| f64::from(y.0)).collect()
    };
    quiet::<f32>(single, 1e-6);
}

#[test]
fn rows_may_be_cut_anywhere() {
    let over = outputs(2, 0);
    let mut random = Random(5);
    for isa in isas() {
        let it = Elementwise::<f64>::on(&smooth(), &[1, 0, 1], &over, isa).unwrap();
        let x =
            [1, 0, 1].map(|stride| (0..1 + MANY * stride).map(|_| random.below(1000) as f64 / 250.0 - 2.0).collect());
        let slices = x.each_ref().map(|x: &Vec<f64>| &x[..]);
        let (whole, _) = run(&it, &over, MANY, &slices);
        let mut y: Vec<Vec<f64>> = room(&over, MANY);
        for start in (0..MANY).step_by(77) {
            let rows = start..(start + 77).min(MANY);
            let [a, b] = &mut y[..] else { unreachable!() };
            it.run_range(rows.clone(), &slices, &mut [&mut a[rows.clone()], &mut b[rows]]);
        }
        assert!(bits(&y) == bits(&whole), "77 rows at a time on {isa:?}");
    }
}

#[test]
fn a_strong_zero_annihilates_in_the_piece_that_needs_it() {
    let list = record(3, |x: &[Traced]| {
        let root = Traced::strong_mul(x[1], x[2].recip());
        let y = Traced::strong_mul(x[0], x[2].recip()) + root;
        [y, y]
    });
    let over = outputs(1, 1);
    for isa in isas() {
        let it = Elementwise::<f64>::on(&list, &[1, 0, 1], &over, isa).unwrap();
        for rows in [1, 20, 500, MANY] {
            let mut x = vec![1.0; rows];
            let mut z = vec![2.0; rows];
            (x[rows / 2], z[rows / 2]) = (0.0, 0.0);
            let (y, met) = run(&it, &over, rows, &[&x, &[0.0], &z]);
            assert_eq!((y[0][rows / 2], y[1][0], met), (0.0, 0.5 * (rows - 1) as f64, 2), "{rows} rows, {isa:?}");
        }
        // At the root, which all pieces have in common.
        let it = Elementwise::<f64>::on(&list, &[1, 0, 0], &over, isa).unwrap();
        let x = vec![0.0; MANY];
        let (y, met) = run(&it, &over, MANY, &[&x, &[0.0], &[0.0]]);
        assert_eq!((y[0][MANY / 3], y[1][0], met), (0.0, 0.0, MANY as u64 + 1));
        // A NaN that comes in stays one.
        let (y, met) = run(&it, &over, 3, &[&[1.0, f64::NAN, 2.0], &[1.0], &[2.0]]);
        assert_eq!((y[0][0], y[0][1].is_nan(), y[0][2], met), (1.0, true, 1.5, 0));
    }
}

#[test]
fn loops_within_rows() {
    let list = record(3, |x: &[Traced]| {
        let data: Vec<f64> = (0..6).map(f64::from).collect();
        Traced::sum_rows(&Rows::new(6).data(&data, 1), |row| (x[0] * row[0] + x[1]).sin() * x[2])
    });
    let over = outputs(1, 0);
    for isa in isas() {
        for strides in [[1, 0, 1], [0, 1, 0], [0, 0, 0]] {
            let it = Elementwise::<f64>::on(&list, &strides, &over, isa).unwrap();
            for rows in [0, 1, 17, 70] {
                let x: Vec<Vec<f64>> = (0..3).map(|j| (0..=rows).map(|i| (i + j) as f64 / 8.0).collect()).collect();
                let (y, _) = run(&it, &over, rows, &x.iter().map(|x| &x[..]).collect::<Vec<_>>());
                for (i, y) in y[0].iter().enumerate() {
                    let wanted = list.run(&row(&x, &strides, i))[0];
                    assert!((y - wanted).abs() < 1e-13, "{y} instead of {wanted}");
                }
            }
        }
    }
}

#[test]
fn what_is_the_same_for_all_rows_may_be_an_output_or_a_mask() {
    let list = record(3, |x: &[Traced]| {
        let same = x[1].exp() * 2.0;
        let mask = x[1].is_lt(x[2]);
        [same, Traced::select(mask, x[0], same), x[1], Traced::select(mask, x[1], x[2]), Traced::lit(7.0), same]
    });
    let over = outputs(5, 1);
    let it = Elementwise::<f64>::new(&list, &[1, 0, 0], &over).unwrap();
    let x = [5.0, 6.0, 7.0];
    let two = 2.0 * 1f64.exp();
    let (y, _) = run(&it, &over, 3, &[&x, &[1.0], &[2.0]]);
    let close = |a: &[f64], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14);
    assert!(close(&y[0], [two; 3]) && close(&y[1], x) && close(&y[2], [1.0; 3]) && close(&y[3], [1.0; 3]), "{y:?}");
    assert!(close(&y[4], [7.0; 3]) && (y[5][0] - 3.0 * two).abs() < 1e-13, "{y:?}");
    let (y, _) = run(&it, &over, 3, &[&x, &[1.0], &[0.5]]);
    assert!(close(&y[1], [two; 3]) && close(&y[3], [0.5; 3]), "{y:?}");
    let (y, _) = run(&it, &over, 0, &[&[], &[], &[]]);
    assert_eq!(y[5], [0.0]);
}

#[test]
fn many_inputs_and_outputs() {
    let list = record(40, |x: &[Traced]| x.iter().map(|x| *x * 2.0).collect::<Vec<_>>());
    let over = outputs(40, 0);
    for isa in isas() {
        let it = Elementwise::<f32>::on(&list, &[1; 40], &over, isa).unwrap();
        let x: Vec<Vec<f32>> = (0..40).map(|j| (0..200).map(|i| (i * j) as f32).collect()).collect();
        let (y, _) = run(&it, &over, 200, &x.iter().map(|x| &x[..]).collect::<Vec<_>>());
        assert!(x.iter().zip(&y).all(|(x, y)| x.iter().zip(y).all(|(x, y)| 2.0 * x == *y)));
    }
}

#[test]
fn several_runs_at_once() {
    let (list, over) = (smooth(), outputs(2, 0));
    let it = Elementwise::<f64>::new(&list, &[1, 0, 0], &over).unwrap();
    let x: Vec<f64> = (0..300).map(|i| f64::from(i) / 100.0).collect();
    let alone: Vec<_> = (0..300).map(|rows| bits(&run(&it, &over, rows, &[&x, &[0.5], &[1.0]]).0)).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for (rows, alone) in alone.iter().enumerate() {
                    assert!(bits(&run(&it, &over, rows, &[&x, &[0.5], &[1.0]]).0) == *alone);
                }
            });
        }
    });
}

#[test]
#[should_panic(expected = "cannot run rows 0..5 of a loop: input 0 has 4 numbers, 1 for each row")]
fn an_input_that_is_too_short_panics() {
    let it = Elementwise::<f64>::new(&smooth(), &[1, 0, 0], &outputs(2, 0)).unwrap();
    run(&it, &outputs(2, 0), 5, &[&[1.0; 4], &[1.0], &[1.0]]);
}

#[test]
#[should_panic(expected = "cannot run rows 0..5 of a loop: output 1 has 1 numbers, not 5")]
fn an_output_of_another_length_panics() {
    let it = Elementwise::<f64>::new(&smooth(), &[1, 0, 0], &outputs(2, 0)).unwrap();
    run(&it, &outputs(1, 1), 5, &[&[1.0; 5], &[1.0], &[1.0]]);
}

/// Nanoseconds of the fastest of some calls.
fn fastest(calls: usize, mut f: impl FnMut()) -> f64 {
    let mut time = || {
        let begun = Instant::now();
        (0..calls).for_each(|_| f());
        begun.elapsed().as_nanos() as f64 / calls as f64
    };
    (0..30).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn speed<T: Plain>(name: &str) {
    let (list, over) = (smooth().with_outputs(&smooth().outputs()[..1]), outputs(1, 0));
    let sum = record(2, |x: &[Traced]| x[0] + x[1]);
    for (what, list, strides) in [("smooth", &list, &[1, 0, 0][..]), ("x + y", &sum, &[1, 1])] {
        let it = Elementwise::<T>::new(list, strides, &over).unwrap();
        for rows in [1, 16, 64, 256, 4096, 1_000_000] {
            let x: Vec<T> = (0..rows).map(|i| Scalar::from_f64((i % 1000) as f64 / 500.0 - 1.0)).collect();
            let x = vec![&x[..]; list.inputs()];
            let mut y = vec![T::default(); rows];
            let ns = fastest((100_000 / rows).clamp(1, 1000), || {
                it.run_range(0..rows, &x, &mut [&mut y]);
            });
            println!("{name} {what:6} {rows:8} rows: {ns:10.1} ns, {:.3} each", ns / rows as f64);
        }
        for rows in [256, 1_000_000] {
            let fixed = record(list.inputs() - 1 + rows, |x: &[Traced]| {
                let same = x.len() - rows;
                let [y] = Traced::map_rows(&Rows::new(rows).vary(&x[same..], 1), |row| {
                    [list.run(&[row, &x[..same]].concat())[0]]
                });
                y
            });
            let ready = Ready::new(lower(&fixed)).unwrap();
            let x: Vec<T> = (0..fixed.inputs()).map(|i| Scalar::from_f64((i % 1000) as f64 / 500.0 - 1.0)).collect();
            let (mut y, mut workspace) = (vec![T::default(); rows], Workspace::default());
            let calls = 100_000_usize.div_ceil(rows);
            let ns = fastest(calls, || ready.run(&mut workspace, &[&x], &mut [&mut y], Isa::detected(), 1));
            println!("{name} {what:6} {rows:8} rows compiled: {ns:10.1} ns, {:.3} each", ns / rows as f64);
        }
    }
}

#[test]
#[ignore = "a measurement: run in release mode"]
fn what_a_call_and_a_row_cost() {
    speed::<f64>("f64");
    speed::<f32>("f32");
}
