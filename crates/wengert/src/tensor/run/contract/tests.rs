//! The contraction against its definition, what is copied, and the bits for any number of threads.

use super::{COPIED, Factor, Layout, contract};
use crate::tensor::DType;
use crate::tensor::array::Array;
use crate::tensor::primitives::Contract;
use crate::tensor::primitives::{Distribution, Random};
use crate::tensor::random::draw;
use crate::tensor::shape::Shape;
use crate::tensor::view::View;
use std::borrow::Cow;

fn labels(spec: &str) -> Contract {
    let (operands, out) = spec.split_once("->").expect("there is a result");
    let (a, b) = operands.split_once(',').expect("there are two operands");
    Contract { a: a.bytes().collect(), b: b.bytes().collect(), out: out.bytes().collect(), strong: false }
}

fn sizes_of(labels: &[u8], size: &impl Fn(u8) -> usize) -> Shape {
    labels.iter().map(|&label| size(label)).collect::<Vec<_>>().into()
}

fn numbers(shape: &Shape, seed: u64, dtype: DType) -> Array {
    let random = Random { distribution: Distribution::Normal, seed, streams: 0, shape: shape.clone(), dtype };
    if dtype.is_real() {
        return draw(&random);
    }
    let whole = draw(&Random { dtype: DType::F64, ..random });
    Array::new(whole.as_slice::<f64>().iter().map(|x| (x * 100.0) as i64).collect(), shape.clone())
}

/// By the definition: for each place of the result a loop over the labels that are summed, in double precision.
fn definition(op: &Contract, a: &[f64], b: &[f64], size: &impl Fn(u8) -> usize) -> Vec<f64> {
    let summed: Vec<u8> = op.a.iter().copied().filter(|label| !op.out.contains(label)).collect();
    let all = [&op.out[..], &summed].concat();
    let (outer, inner) = (sizes_of(&op.out, size).len(), sizes_of(&summed, size).len());
    let place = |of: &[u8], index: &[usize]| {
        of.iter().fold(0, |place, label| {
            let axis = all.iter().position(|l| l == label).expect("it is a label");
            place * size(*label) + index[axis]
        })
    };
    let index = |mut at: usize| {
        let mut index = vec![0; all.len()];
        for axis in (0..all.len()).rev() {
            index[axis] = at % size(all[axis]);
            at /= size(all[axis]);
        }
        index
    };
    let sum =
        |at: usize| (0..inner).map(|k| index(at * inner + k)).map(|i| a[place(&op.a, &i)] * b[place(&op.b, &i)]).sum();
    (0..outer).map(sum).collect()
}

fn to_f64(x: &Array) -> Vec<f64> {
    match x.dtype() {
        DType::F64 => x.as_slice::<f64>().to_vec(),
        DType::F32 => x.as_slice::<f32>().iter().map(|&x| f64::from(x)).collect(),
        DType::I64 => x.as_slice::<i64>().iter().map(|&x| x as f64).collect(),
        DType::Bool => unreachable!("it is of numbers"),
    }
}

const SPECS: [&str; 20] = [
    "mk,kn->mn",
    "km,kn->mn",
    "mk,nk->mn",
    "km,nk->nm",
    "bmk,bkn->bmn",
    "bmk,kn->bmn",
    "mk,bkn->bmn",
    "k,k->",
    "m,n->mn",
    "m,n->nm",
    "b,b->b",
    "bm,b->bm",
    "abk,ckd->abcd",
    "akb,ckd->acbd",
    "aklb,lkc->bac",
    "abcd,dcba->",
    "akbl,lck->cab",
    ",m->m",
    "bkm,bkn->mbn",
    "abm,mab->ab",
];

#[test]
fn contractions_are_what_they_are_defined_to_be() {
    for (i, spec) in SPECS.into_iter().enumerate() {
        let op = labels(spec);
        for base in [0, 1, 2, 5, 11] {
            let size = |label: u8| if base == 0 && label == b'k' { 0 } else { base.max(1) + usize::from(label % 3) };
            let (sa, sb, so) = (sizes_of(&op.a, &size), sizes_of(&op.b, &size), sizes_of(&op.out, &size));
            for dtype in [DType::F64, DType::F32, DType::I64] {
                let (a, b) = (numbers(&sa, i as u64, dtype), numbers(&sb, 100 + i as u64, dtype));
                let got = contract(&op, &Factor::whole(&a), &Factor::whole(&b), &so, 2).expect("no overflow");
                let wanted = definition(&op, &to_f64(&a), &to_f64(&b), &size);
                let tolerance = if dtype == DType::F32 { 2e-4 } else { 1e-11 };
                for (got, wanted) in to_f64(&got).iter().zip(&wanted) {
                    let near = if dtype == DType::I64 { got == wanted } else { (got - wanted).abs() <= tolerance };
                    assert!(near, "{spec} of {sa} and {sb}, {dtype}: {got} in place of {wanted}");
                }
            }
        }
    }
}

/// Products of several blocks and strips, of operands in either order, backwards and repeated.
#[test]
fn large_products_are_right_in_every_order() {
    let [m, k, n] = [300, 129, 140];
    let (x, y) = (numbers(&[m * k].into(), 1, DType::F64), numbers(&[k * n].into(), 2, DType::F64));
    let matrix = |elements, [rows, columns]: [usize; 2], by_columns: bool, is_backwards: bool| {
        let mut strides = if by_columns { vec![1, rows as isize] } else { vec![columns as isize, 1] };
        let offset = if is_backwards { (rows - 1) * strides[0] as usize } else { 0 };
        strides[0] *= if is_backwards { -1 } else { 1 };
        Factor { elements, shape: Cow::Owned([rows, columns].into()), view: View { offset, strides } }
    };
    let at = |factor: &Factor<'_>, i: usize, j: usize| {
        let place =
            factor.view.offset as isize + i as isize * factor.view.strides[0] + j as isize * factor.view.strides[1];
        factor.elements.as_slice::<f64>()[place as usize]
    };
    for way in 0..8 {
        let a = matrix(&x, [m, k], way & 1 == 1, way & 4 == 4);
        let b = matrix(&y, [k, n], way & 2 == 2, false);
        let out = contract(&labels("mk,kn->mn"), &a, &b, &[m, n].into(), 2).expect("no overflow");
        let swapped = contract(&labels("mk,kn->nm"), &a, &b, &[n, m].into(), 2).expect("no overflow");
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let wanted: f64 = (0..k).map(|l| at(&a, i, l) * at(&b, l, j)).sum();
            let got = [out.as_slice::<f64>()[i * n + j], swapped.as_slice::<f64>()[j * m + i]];
            assert!(got.iter().all(|got| (got - wanted).abs() < 1e-11), "{way}: {got:?} in place of {wanted}");
        }
    }
}

#[test]
fn views_are_read_where_they_stand() {
    // Rows downwards, every second column, and the same row for every example.
    let (a, b) = (numbers(&[6, 8].into(), 1, DType::F64), numbers(&[4, 5].into(), 2, DType::F64));
    let down = Factor {
        elements: &a,
        shape: Cow::Owned([6, 4].into()),
        view: View { offset: 5 * 8 + 1, strides: vec![-8, 2] },
    };
    let repeated =
        Factor { elements: &b, shape: Cow::Owned([3, 4, 5].into()), view: View { offset: 0, strides: vec![0, 5, 1] } };
    let op = labels("mk,bkn->bmn");
    let copy = |factor: &Factor<'_>| factor.view.read(factor.elements, &factor.shape);
    let (plain_a, plain_b) = (copy(&down), copy(&repeated));
    let shape = Shape::from([3, 6, 5]);
    let got = contract(&op, &down, &repeated, &shape, 1).expect("no overflow");
    let wanted = contract(&op, &Factor::whole(&plain_a), &Factor::whole(&plain_b), &shape, 1).expect("no overflow");
    for (got, wanted) in to_f64(&got).iter().zip(to_f64(&wanted)) {
        assert!((got - wanted).abs() < 1e-13, "{got} in place of {wanted}");
    }
}

/// Case 5: neither the product nor its two adjoints copies an operand, with a batch in front or not.
#[test]
fn a_linear_layer_and_its_adjoints_copy_nothing() {
    let size = |label: u8| match label {
        b's' => 3,
        b'b' => 17,
        b'i' => 33,
        _ => 21,
    };
    for (spec, copies) in [
        ("bi,io->bo", 0),
        ("bo,io->bi", 0),
        ("bi,bo->io", 0),
        ("sbi,io->sbo", 0),
        ("sbo,io->sbi", 0),
        ("sbi,sbo->io", 0),
        ("sbi,sbo->sio", 0),
        ("bi,sio->sbo", 0),
    ] {
        let op = labels(spec);
        let (a, b) = (numbers(&sizes_of(&op.a, &size), 1, DType::F32), numbers(&sizes_of(&op.b, &size), 2, DType::F32));
        COPIED.set(0);
        contract(&op, &Factor::whole(&a), &Factor::whole(&b), &sizes_of(&op.out, &size), 1).expect("no overflow");
        assert_eq!(COPIED.get(), copies, "{spec}");
    }
}

/// Labels that no stride describes are copied where the products would be many and small, and only there.
#[test]
fn scattered_labels_are_copied_where_that_pays() {
    let op = labels("akbl,lck->cab");
    let few = |label: u8| if label == b'c' { 4 } else { 5 };
    let (a, b) = (numbers(&sizes_of(&op.a, &few), 1, DType::F64), numbers(&sizes_of(&op.b, &few), 2, DType::F64));
    COPIED.set(0);
    contract(&op, &Factor::whole(&a), &Factor::whole(&b), &sizes_of(&op.out, &few), 1).expect("no overflow");
    assert_eq!(COPIED.get(), a.shape.len() + b.shape.len());

    let op = labels("kml,lkn->mn");
    let many = |label: u8| if label == b'l' { 3 } else { 64 };
    let (a, b) = (numbers(&sizes_of(&op.a, &many), 1, DType::F64), numbers(&sizes_of(&op.b, &many), 2, DType::F64));
    let (fa, fb, out) = (Factor::whole(&a), Factor::whole(&b), sizes_of(&op.out, &many));
    assert_eq!(Layout::new(&op, &fa, &fb, &out).slabs.len(), 1);
    COPIED.set(0);
    let got = contract(&op, &fa, &fb, &out, 1).expect("no overflow");
    assert_eq!(COPIED.get(), 0);
    let wanted = definition(&op, &to_f64(&a), &to_f64(&b), &many);
    assert!(to_f64(&got).iter().zip(&wanted).all(|(got, wanted)| (got - wanted).abs() < 1e-11));
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    for (spec, size) in
        [("mk,kn->mn", [300, 290, 270]), ("bmk,bkn->bmn", [64, 40, 70]), ("km,nk->mn", [1000, 130, 140])]
    {
        let op = labels(spec);
        let size = |label: u8| match label {
            b'b' => 40,
            b'm' => size[0],
            b'k' => size[1],
            _ => size[2],
        };
        let (a, b) = (numbers(&sizes_of(&op.a, &size), 1, DType::F32), numbers(&sizes_of(&op.b, &size), 2, DType::F32));
        let run = |threads| {
            let out = contract(&op, &Factor::whole(&a), &Factor::whole(&b), &sizes_of(&op.out, &size), threads);
            out.expect("no overflow").as_slice::<f32>().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let one = run(1);
        assert!([2, 3, 8].into_iter().all(|threads| run(threads) == one), "{spec}");
    }
}

#[test]
fn integers_that_overflow_are_refused() {
    let op = labels("k,k->");
    let (a, b) =
        (Array::new(vec![i64::MAX, i64::MAX, -i64::MAX], [3].into()), Array::new(vec![1_i64, 1, 1], [3].into()));
    let sum = contract(&op, &Factor::whole(&a), &Factor::whole(&b), &Shape::from(()), 1).expect("the sum is one");
    assert_eq!(sum.as_slice::<i64>(), [i64::MAX]);
    let twice = Array::new(vec![2_i64, 2, 2], [3].into());
    assert!(contract(&op, &Factor::whole(&a), &Factor::whole(&twice), &Shape::from(()), 1).is_err());
}
