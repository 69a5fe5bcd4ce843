//! Products of matrices and sums of products over labels: against their definition, with derivatives and batches.

use expect_test::{Expect, expect};
use std::collections::BTreeMap;
use wengert::tensor::{DType, Tensor, einsum, grad, hvp, jvp, try_einsum, vjp, vmap};

/// An array by its definition: sizes, and elements in row-major order.
#[derive(Clone, Debug, PartialEq)]
struct Plain {
    sizes: Vec<usize>,
    elements: Vec<f64>,
}

impl Plain {
    fn new(sizes: &[usize], seed: usize) -> Plain {
        let number = |i: usize| (((i + 1) * 37 + seed * 101) % 29) as f64 / 8.0 - 1.7;
        Plain { sizes: sizes.to_vec(), elements: (0..sizes.iter().product()).map(number).collect() }
    }

    fn tensor(&self) -> Tensor {
        Tensor::new(self.elements.clone(), &self.sizes[..])
    }

    fn of(x: &Tensor) -> Plain {
        Plain { sizes: x.shape().to_vec(), elements: x.to_vec::<f64>() }
    }

    fn at(&self, index: &[usize]) -> f64 {
        let place =
            index.iter().zip(&self.sizes).fold(0, |place, (&i, &size)| place * size + if size == 1 { 0 } else { i });
        self.elements[place]
    }

    fn dot(&self, other: &Plain) -> f64 {
        assert_eq!(self.sizes, other.sizes);
        self.elements.iter().zip(&other.elements).map(|(a, b)| a * b).sum()
    }

    fn near(&self, other: &Plain, what: &str) {
        assert_eq!(self.sizes, other.sizes, "{what}");
        let size = other.elements.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
        for (a, b) in self.elements.iter().zip(&other.elements) {
            assert!((a - b).abs() <= 1e-12 * size, "{what}: {a} in place of {b}");
        }
    }
}

/// All indices of some sizes, in order.
fn indices(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![vec![]], |all, &size| {
        all.iter().flat_map(|index| (0..size).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

/// By the definition; labels are letters, one for each axis, without `...`.
fn defined(spec: &str, operands: &[Plain]) -> Plain {
    let (inputs, out) = spec.split_once("->").expect("there is a result");
    let terms: Vec<Vec<char>> = inputs.split(',').map(|term| term.chars().collect()).collect();
    let mut sizes: BTreeMap<char, usize> = BTreeMap::new();
    for (&label, &size) in terms.iter().flatten().zip(operands.iter().flat_map(|x| &x.sizes)) {
        let known = sizes.entry(label).or_insert(size);
        *known = if *known == 1 { size } else { *known };
    }
    let out: Vec<char> = out.chars().collect();
    let summed: Vec<char> = sizes.keys().copied().filter(|label| !out.contains(label)).collect();
    let order = [&out[..], &summed].concat();
    let of = |labels: &[char]| labels.iter().map(|label| sizes[label]).collect::<Vec<_>>();
    let term = |index: &[usize]| -> f64 {
        let place = |label: &char| index[order.iter().position(|l| l == label).expect("it is a label")];
        terms.iter().zip(operands).map(|(labels, x)| x.at(&labels.iter().map(place).collect::<Vec<_>>())).product()
    };
    let sum = |at: Vec<usize>| indices(&of(&summed)).iter().map(|k| term(&[&at[..], k].concat())).sum();
    Plain { sizes: of(&out), elements: indices(&of(&out)).into_iter().map(sum).collect() }
}

/// What is written, the same without `...` and with a result, and the sizes of the operands.
type Case = (&'static str, &'static str, &'static [&'static [usize]]);

const CASES: &[Case] = &[
    ("ij,jk->ik", "ij,jk->ik", &[&[2, 3], &[3, 4]]),
    ("ij,jk", "ij,jk->ik", &[&[2, 3], &[3, 4]]),
    ("ij,jk->ki", "ij,jk->ki", &[&[2, 3], &[3, 4]]),
    ("ba,ac", "ba,ac->bc", &[&[2, 3], &[3, 2]]),
    ("ji", "ji->ij", &[&[2, 3]]),
    ("jI", "jI->Ij", &[&[2, 3]]),
    ("i,i->", "i,i->", &[&[5], &[5]]),
    ("i,j", "i,j->ij", &[&[2], &[3]]),
    ("i,j->ji", "i,j->ji", &[&[2], &[3]]),
    ("i,i->i", "i,i->i", &[&[4], &[4]]),
    ("ij,i->ij", "ij,i->ij", &[&[2, 3], &[2]]),
    ("ij,j->ji", "ij,j->ji", &[&[2, 3], &[3]]),
    ("bij,bjk->bik", "bij,bjk->bik", &[&[2, 3, 2], &[2, 2, 3]]),
    ("bij,jk->bik", "bij,jk->bik", &[&[2, 3, 2], &[2, 3]]),
    ("bhqd,bhkd->bhqk", "bhqd,bhkd->bhqk", &[&[2, 2, 3, 2], &[2, 2, 3, 2]]),
    ("ij->", "ij->", &[&[2, 3]]),
    ("ij->j", "ij->j", &[&[2, 3]]),
    ("ii", "ii->", &[&[3, 3]]),
    ("ii->i", "ii->i", &[&[3, 3]]),
    ("iii->i", "iii->i", &[&[3, 3, 3]]),
    ("iji->j", "iji->j", &[&[3, 2, 3]]),
    ("ijij->ij", "ijij->ij", &[&[2, 3, 2, 3]]),
    ("iij,jk->ik", "iij,jk->ik", &[&[2, 2, 3], &[3, 2]]),
    ("ii,jj->ij", "ii,jj->ij", &[&[2, 2], &[3, 3]]),
    ("ij,kl->il", "ij,kl->il", &[&[2, 3], &[2, 3]]),
    ("ij,ij,ij->i", "ij,ij,ij->i", &[&[2, 3], &[2, 3], &[2, 3]]),
    ("ij,jk,kl->il", "ij,jk,kl->il", &[&[2, 3], &[3, 4], &[4, 2]]),
    ("i,ij,j->", "i,ij,j->", &[&[2], &[2, 3], &[3]]),
    ("i,j,k,l->lkji", "i,j,k,l->lkji", &[&[2], &[3], &[2], &[1]]),
    ("a,ab,bc,cd,d->", "a,ab,bc,cd,d->", &[&[2], &[2, 3], &[3, 2], &[2, 2], &[2]]),
    (" i j , j k -> i k ", "ij,jk->ik", &[&[2, 3], &[3, 4]]),
    ("...", "ij->ij", &[&[2, 3]]),
    ("...->...", "ij->ij", &[&[2, 3]]),
    ("...ij->...ji", "bij->bji", &[&[2, 2, 3]]),
    ("i...->...", "ijk->jk", &[&[2, 2, 3]]),
    ("...i,...i->...", "abi,bi->ab", &[&[2, 3, 2], &[3, 2]]),
    ("...ij,...jk->...ik", "abij,bjk->abik", &[&[2, 1, 2, 3], &[4, 3, 2]]),
    ("...ij,...jk", "abij,bjk->abik", &[&[2, 3, 2, 3], &[1, 3, 2]]),
    ("i...j,j...->i...", "iabj,jb->iab", &[&[2, 2, 3, 2], &[2, 3]]),
    ("...ii->...i", "aii->ai", &[&[2, 3, 3]]),
    ("...,...", "ab,b->ab", &[&[2, 3], &[3]]),
    ("...,...,i", "ab,b,i->abi", &[&[2, 3], &[1], &[2]]),
    ("ij,j->i", "ij,j->i", &[&[2, 1], &[3]]),
    ("ij,ij->ij", "ij,ij->ij", &[&[2, 1], &[1, 3]]),
    ("ij,jk->ik", "ij,jk->ik", &[&[2, 0], &[0, 3]]),
    ("ij,jk->ik", "ij,jk->ik", &[&[0, 2], &[2, 3]]),
    ("bij,bjk->bik", "bij,bjk->bik", &[&[0, 2, 2], &[0, 2, 2]]),
    ("ii->i", "ii->i", &[&[0, 0]]),
    (",i->i", ",i->i", &[&[], &[3]]),
    (",", ",->", &[&[], &[]]),
    ("", "->", &[&[]]),
    ("...", "->", &[&[]]),
    ("i,...->i...", "i,jk->ijk", &[&[2], &[2, 2]]),
];

fn operands(sizes: &[&[usize]], seed: usize) -> Vec<Plain> {
    sizes.iter().enumerate().map(|(i, sizes)| Plain::new(sizes, seed + i)).collect()
}

fn run(spec: &str, x: &[Tensor]) -> Tensor {
    einsum(spec, &x.iter().collect::<Vec<_>>())
}

fn tensors(x: &[Plain]) -> Vec<Tensor> {
    x.iter().map(Plain::tensor).collect()
}

#[test]
fn sums_of_products_are_what_they_are_defined_to_be() {
    for (spec, plain, sizes) in CASES {
        let x = operands(sizes, 0);
        Plain::of(&run(spec, &tensors(&x))).near(&defined(plain, &x), spec);
    }
}

/// A product is linear in each operand: its tangent is the sum of the products with one of them replaced.
#[test]
fn derivatives_are_the_products_with_one_operand_replaced() {
    for (spec, plain, sizes) in CASES {
        let (x, v) = (operands(sizes, 0), operands(sizes, 7));
        let f = |x: &Vec<Tensor>| run(spec, x);
        let mut wanted = defined(plain, &x);
        wanted.elements.fill(0.0);
        for i in 0..x.len() {
            let mut replaced = x.clone();
            replaced[i] = v[i].clone();
            let term = defined(plain, &replaced);
            wanted.elements.iter_mut().zip(&term.elements).for_each(|(sum, term)| *sum += term);
        }
        let (_, tangent) = jvp(f, &tensors(&x), &tensors(&v));
        Plain::of(&tangent).near(&wanted, &format!("the tangent of {spec}"));

        let w = Plain::new(&wanted.sizes, 13);
        let (_, pullback) = vjp(f, &tensors(&x));
        let adjoints = pullback.call(&w.tensor());
        let back: f64 = adjoints.iter().zip(&v).map(|(xbar, v)| Plain::of(xbar).dot(v)).sum();
        let ahead = wanted.dot(&w);
        assert!((back - ahead).abs() <= 1e-11 * ahead.abs().max(10.0), "{spec}: {back} back, {ahead} ahead");
        assert!(adjoints.iter().zip(&x).all(|(xbar, x)| xbar.shape() == x.sizes), "{spec}");
    }
}

/// `f = sum y^2 / 2` has `u H v = sum(y_u y_v + y y_uv)`, of which all are products by the definition.
#[test]
fn second_derivatives_are_products_too() {
    for (spec, plain, sizes) in CASES.iter().filter(|(_, _, sizes)| sizes.len() <= 2) {
        let [x, u, v] = [0, 7, 19].map(|seed| operands(sizes, seed));
        let with = |i: usize, by: &[Plain], x: &[Plain]| {
            let mut replaced = x.to_vec();
            replaced[i] = by[i].clone();
            replaced
        };
        let along = |by: &[Plain]| {
            let terms: Vec<Plain> = (0..x.len()).map(|i| defined(plain, &with(i, by, &x))).collect();
            (0..terms[0].elements.len()).map(|k| terms.iter().map(|term| term.elements[k]).sum()).collect::<Vec<f64>>()
        };
        let y = defined(plain, &x).elements;
        let mut twice = vec![0.0; y.len()];
        if x.len() == 2 {
            for i in 0..2 {
                let mixed = defined(plain, &with(1 - i, &v, &with(i, &u, &x)));
                twice.iter_mut().zip(mixed.elements).for_each(|(sum, term)| *sum += term);
            }
        }
        let (yu, yv) = (along(&u), along(&v));
        let wanted: f64 = (0..y.len()).map(|k| yu[k] * yv[k] + y[k] * twice[k]).sum();
        let f = |x: &Vec<Tensor>| run(spec, x).square().sum(..) * 0.5;
        let product = hvp(f, &tensors(&x), &tensors(&v));
        let got: f64 = product.iter().zip(&u).map(|(h, u)| Plain::of(h).dot(u)).sum();
        assert!((got - wanted).abs() <= 1e-11 * wanted.abs().max(10.0), "{spec}: {got} in place of {wanted}");
    }
}

#[test]
fn batches_are_the_examples_one_by_one() {
    for (spec, plain, sizes) in CASES {
        for batched in 1..1_usize << sizes.len() {
            let is_batched = |i: usize| batched >> i & 1 == 1;
            let whole: Vec<Plain> = sizes
                .iter()
                .enumerate()
                .map(
                    |(i, sizes)| {
                        if is_batched(i) { Plain::new(&[&[3], *sizes].concat(), i) } else { Plain::new(sizes, i) }
                    },
                )
                .collect();
            let all = tensors(&whole);
            let mapped: Vec<Tensor> = (0..all.len()).filter(|&i| is_batched(i)).map(|i| all[i].clone()).collect();
            let f = |x: &Vec<Tensor>| {
                let mut x = x.iter();
                let of = |(i, whole): (usize, &Tensor)| {
                    if is_batched(i) { x.next().expect("there is one for each").clone() } else { whole.clone() }
                };
                run(spec, &all.iter().enumerate().map(of).collect::<Vec<_>>())
            };
            let got = Plain::of(&vmap(f, &mapped));
            let len = got.elements.len() / 3;
            for example in 0..3 {
                let part = |(i, sizes): (usize, &&[usize])| {
                    let len = sizes.iter().product::<usize>();
                    let of = if is_batched(i) { example * len..(example + 1) * len } else { 0..len };
                    Plain { sizes: sizes.to_vec(), elements: whole[i].elements[of].to_vec() }
                };
                let wanted = defined(plain, &sizes.iter().enumerate().map(part).collect::<Vec<_>>());
                let got = Plain {
                    sizes: got.sizes[1..].to_vec(),
                    elements: got.elements[example * len..(example + 1) * len].to_vec(),
                };
                got.near(&wanted, &format!("example {example} of {spec}, batched {batched:b}"));
            }
        }
    }
}

#[test]
fn matrices_multiply_as_in_numpy() {
    let cases: &[(&[usize], &[usize], &str)] = &[
        (&[2, 3], &[3, 4], "mk,kn->mn"),
        (&[3], &[3], "k,k->"),
        (&[3], &[3, 4], "k,kn->n"),
        (&[2, 3], &[3], "mk,k->m"),
        (&[5, 2, 3], &[5, 3, 4], "bmk,bkn->bmn"),
        (&[5, 2, 3], &[3, 4], "bmk,kn->bmn"),
        (&[2, 3], &[5, 3, 4], "mk,bkn->bmn"),
        (&[5, 2, 3], &[3], "bmk,k->bm"),
        (&[3], &[5, 3, 4], "k,bkn->bn"),
        (&[5, 1, 2, 3], &[6, 3, 4], "abmk,bkn->abmn"),
        (&[1, 2, 3], &[5, 3, 4], "bmk,bkn->bmn"),
        (&[2, 0], &[0, 4], "mk,kn->mn"),
        (&[0, 3], &[3, 4], "mk,kn->mn"),
        (&[5, 2, 3], &[5, 3, 0], "bmk,bkn->bmn"),
        (&[0, 2, 3], &[1, 3, 4], "bmk,bkn->bmn"),
        (&[1, 1], &[1, 1], "mk,kn->mn"),
    ];
    for (a, b, spec) in cases {
        let (a, b) = (Plain::new(a, 0), Plain::new(b, 1));
        let what = format!("{:?} by {:?}", a.sizes, b.sizes);
        let wanted = defined(spec, &[a.clone(), b.clone()]);
        Plain::of(&a.tensor().matmul(&b.tensor())).near(&wanted, &what);
        let w = Plain::new(&wanted.sizes, 2);
        let (da, db) = grad(|(a, b)| (a.matmul(b) * w.tensor()).sum(..), &(a.tensor(), b.tensor()));
        let value = wanted.dot(&w);
        for (x, slope) in [(&a, &da), (&b, &db)] {
            assert!((Plain::of(slope).dot(x) - value).abs() <= 1e-11 * value.abs().max(1.0), "{what}");
        }
    }
}

#[test]
fn dot_and_outer_are_as_in_numpy() {
    let cases: &[(&[usize], &[usize], &str)] = &[
        (&[4], &[4], "k,k->"),
        (&[2, 3], &[3, 4], "mk,kn->mn"),
        (&[2, 3], &[3], "mk,k->m"),
        (&[2, 5, 3], &[4, 3, 2], "abk,ckd->abcd"),
        (&[3], &[4, 3, 2], "k,ckd->cd"),
        (&[], &[3], ",k->k"),
        (&[2, 3], &[], "mk,->mk"),
    ];
    for (a, b, spec) in cases {
        let (a, b) = (Plain::new(a, 0), Plain::new(b, 1));
        Plain::of(&a.tensor().dot(&b.tensor())).near(&defined(spec, &[a.clone(), b.clone()]), spec);
    }
    let (a, b) = (Plain::new(&[2, 2], 0), Plain::new(&[3], 1));
    let flat = Plain { sizes: vec![4], elements: a.elements.clone() };
    Plain::of(&a.tensor().outer(&b.tensor())).near(&defined("i,j->ij", &[flat, b.clone()]), "outer");
}

#[test]
fn diagonals_of_any_axes_and_offset() {
    for (sizes, axis1, axis2) in [
        (&[3, 4][..], 0, 1),
        (&[4, 3], 0, 1),
        (&[4, 3], 1, 0),
        (&[3, 2, 4], 0, 2),
        (&[3, 2, 4], -1, 0),
        (&[2, 0], 0, 1),
    ] {
        let x = Plain::new(sizes, 0);
        let at = |axis: isize| usize::try_from(axis).unwrap_or_else(|_| sizes.len() - axis.unsigned_abs());
        let (first, second) = (at(axis1), at(axis2));
        for offset in -5_isize..=5 {
            let (down, right) = ((-offset).max(0) as usize, offset.max(0) as usize);
            let len = sizes[first].saturating_sub(down).min(sizes[second].saturating_sub(right));
            let rest: Vec<usize> = (0..sizes.len()).filter(|axis| ![first, second].contains(axis)).collect();
            let kept: Vec<usize> = rest.iter().map(|&axis| sizes[axis]).collect();
            let element = |index: Vec<usize>| {
                let mut from = vec![0; sizes.len()];
                rest.iter().zip(&index).for_each(|(&axis, &i)| from[axis] = i);
                (from[first], from[second]) = (index[rest.len()] + down, index[rest.len()] + right);
                x.at(&from)
            };
            let all = [&kept[..], &[len]].concat();
            let wanted = Plain { elements: indices(&all).into_iter().map(element).collect(), sizes: all };
            let what = format!("{sizes:?} along {axis1} and {axis2}, {offset} off");
            assert_eq!(Plain::of(&x.tensor().diagonal_at(offset, axis1, axis2)), wanted, "{what}");
            let slope = grad(|x| x.diagonal_at(offset, axis1, axis2).sum(..), &x.tensor());
            assert_eq!(slope.to_vec::<f64>().iter().sum::<f64>(), wanted.elements.len() as f64, "{what}");
        }
    }
    let batch = Tensor::from([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]);
    assert_eq!(batch.trace().to_vec::<f64>(), [5.0, 13.0]);
    assert_eq!(grad(|x| x.trace().sum(..), &batch).to_vec::<f64>(), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(Tensor::from([[true, false], [true, true]]).trace().to_vec::<i64>(), [2]);
}

/// Case 5: `Y = X W + b` has the adjoints `Ybar W^T`, `X^T Ybar` and the sums of columns.
#[test]
fn the_adjoints_of_a_linear_layer() {
    let (x, w, b) = (Plain::new(&[4, 3], 0), Plain::new(&[3, 2], 1), Plain::new(&[2], 2));
    let ybar = Plain::new(&[4, 2], 3);
    let (_, pullback) = vjp(|(x, w, b)| x.matmul(w) + b, &(x.tensor(), w.tensor(), b.tensor()));
    let (xbar, wbar, bbar) = pullback.call(&ybar.tensor());
    Plain::of(&xbar).near(&defined("bo,io->bi", &[ybar.clone(), w]), "the adjoint of X");
    Plain::of(&wbar).near(&defined("bi,bo->io", &[x, ybar.clone()]), "the adjoint of W");
    Plain::of(&bbar).near(&defined("bo->o", &[ybar]), "the adjoint of b");
}

#[test]
fn gradients_of_a_linear_layer_for_each_example() {
    let (x, t) = (Plain::new(&[5, 3], 0), Plain::new(&[5, 2], 1));
    let (w, b) = (Plain::new(&[3, 2], 2).tensor(), Plain::new(&[2], 3).tensor());
    let loss = |w: &Tensor, b: &Tensor, x: &Tensor, t: &Tensor| (x.matmul(w) + b - t).square().sum(..);
    let of = |x: &Tensor, t: &Tensor| grad(|(w, b)| loss(w, b, x, t), &(w.clone(), b.clone()));
    let (dw, db) = vmap(|(x, t)| of(x, t), &(x.tensor(), t.tensor()));
    assert_eq!((dw.shape(), db.shape()), (&[5, 3, 2][..], &[5, 2][..]));
    for i in 0..5 {
        let row = |x: &Plain, n: usize| Tensor::from(x.elements[i * n..(i + 1) * n].to_vec());
        let (one_w, one_b) = of(&row(&x, 3), &row(&t, 2));
        let part = |all: &Tensor, n: usize| all.to_vec::<f64>()[i * n..(i + 1) * n].to_vec();
        Plain { sizes: vec![3, 2], elements: part(&dw, 6) }.near(&Plain::of(&one_w), "the weight");
        Plain { sizes: vec![2], elements: part(&db, 2) }.near(&Plain::of(&one_b), "the bias");
    }
}

#[test]
fn types_meet_and_integers_are_exact() {
    let f32s = Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]]);
    let i64s = Tensor::from([[1_i64, 2], [3, 4]]);
    let masks = Tensor::from([[true, false], [true, true]]);
    let f64s = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(f32s.matmul(&i64s).dtype(), DType::F32);
    assert_eq!(f32s.matmul(&f64s).dtype(), DType::F64);
    assert_eq!(f32s.matmul(&f32s).to_vec::<f32>(), [7.0, 10.0, 15.0, 22.0]);
    assert_eq!(masks.matmul(&masks).to_vec::<i64>(), [1, 0, 2, 1]);
    assert_eq!(einsum("ij->", &[&masks]).to_vec::<i64>(), [3]);
    assert_eq!(einsum("ij,ij->ij", &[&masks, &f32s]).to_vec::<f32>(), [1.0, 0.0, 3.0, 4.0]);
    let large = Tensor::from([[i64::MAX, 1], [2, i64::MIN]]);
    let eye = Tensor::from([[1_i64, 0], [0, 1]]);
    assert_eq!(large.matmul(&eye).to_vec::<i64>(), [i64::MAX, 1, 2, i64::MIN]);
}

#[test]
fn what_is_not_finite_is_passed_on() {
    let a = Tensor::from([[f64::NAN, 1.0], [0.0, f64::INFINITY]]);
    let y = a.matmul(&Tensor::from([[1.0], [2.0]])).to_vec::<f64>();
    assert!(y[0].is_nan() && y[1] == f64::INFINITY);
    assert!(a.matmul(&Tensor::from([[1.0], [0.0]])).to_vec::<f64>()[1].is_nan());
}

#[track_caller]
fn refused(result: wengert::Result<Tensor>, expected: Expect) {
    let text = result.expect_err("it is refused").to_string();
    let (before, rest) = text.split_once(" (crates/wengert/tests/tensor/contract.rs:").expect("it names the line");
    let (_, behind) = rest.split_once(')').expect("the line is in brackets");
    expected.assert_eq(&format!("{before} (here){behind}"));
}

#[test]
fn texts_of_products() {
    let x = |sizes: &[usize]| Plain::new(sizes, 0).tensor();
    refused(
        x(&[2, 3]).try_matmul(&x(&[4, 5])),
        expect![
            "cannot take the matrix product of tensors of shapes [2, 3] and [4, 5]: axis 1 of the first is 3 against 4 of axis 0 of the second (here); transpose one, or change their order"
        ],
    );
    refused(
        x(&[3]).try_matmul(&x(&[4])),
        expect![
            "cannot take the matrix product of tensors of shapes [3] and [4]: axis 0 of the first is 3 against 4 of axis 0 of the second (here); give vectors of one length"
        ],
    );
    refused(
        x(&[2, 2, 3]).try_matmul(&x(&[5, 3, 4])),
        expect![
            "cannot take the matrix product of tensors of shapes [2, 2, 3] and [5, 3, 4]: axis 0 is 2 against 5 in the batch (here); axes broadcast only from size 1"
        ],
    );
    refused(
        x(&[]).try_matmul(&x(&[4])),
        expect![
            "cannot take the matrix product of tensors of shapes [] and [4]: one of them is a scalar (here); use `*` for a product at every place"
        ],
    );
    refused(
        x(&[2, 3]).try_dot(&x(&[2, 3])),
        expect![
            "cannot take the dot product of tensors of shapes [2, 3] and [2, 3]: axis 1 of the first is 3 against 2 of axis 0 of the second (here); transpose one, or change their order"
        ],
    );
    refused(
        x(&[3]).try_trace(),
        expect![
            "cannot take `trace` of a tensor of shape [3]: it has fewer than two axes (here); give a matrix, or a batch of them"
        ],
    );
    refused(
        x(&[2, 3]).try_diagonal(0, 2),
        expect![
            "cannot take `diagonal` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (here); name two axes of it"
        ],
    );
    refused(
        x(&[2, 3]).try_diagonal(1, -1),
        expect![
            "cannot take `diagonal` of a tensor of shape [2, 3]: axis 1 is named twice (here); name two axes of it"
        ],
    );
}

#[test]
fn texts_of_sums_over_labels() {
    let x = |sizes: &[usize]| Plain::new(sizes, 0).tensor();
    let of = |spec: &str, sizes: &[&[usize]]| {
        let all: Vec<Tensor> = sizes.iter().map(|sizes| x(sizes)).collect();
        try_einsum(spec, &all.iter().collect::<Vec<_>>())
    };
    refused(
        of("ij,jk->ik", &[&[2, 3], &[4, 5]]),
        expect![[
            r#"cannot take `einsum("ij,jk->ik")` of tensors of shapes [2, 3] and [4, 5]: label `j` is 3 in operand 0 against 4 in operand 1 (here); axes of one label are of one size, or 1"#
        ]],
    );
    refused(
        of("ii->i", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("ii->i")` of a tensor of shape [2, 3]: label `i` is 2 in operand 0 against 3 in operand 0 (here); axes of one label are of one size, or 1"#
        ]],
    );
    refused(
        of("ii->i", &[&[1, 3]]),
        expect![[
            r#"cannot take `einsum("ii->i")` of a tensor of shape [1, 3]: label `i` is 1 in operand 0 against 3 in operand 0 (here); axes of one label are of one size, or 1"#
        ]],
    );
    refused(
        of("...i,...i->...", &[&[2, 3], &[4, 3]]),
        expect![[
            r#"cannot take `einsum("...i,...i->...")` of tensors of shapes [2, 3] and [4, 3]: axis -1 of `...` is 2 in operand 0 against 4 in operand 1 (here); axes of one label are of one size, or 1"#
        ]],
    );
    refused(
        of("ij,jk", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("ij,jk")` of a tensor of shape [2, 3]: it is of 2 operands, and 1 are given (here); write the letters of each operand, with a comma between two"#
        ]],
    );
    refused(
        of("ij", &[]),
        expect![[
            r#"cannot take `einsum("ij")` of no tensors: it is of 1 operand, and 0 are given (here); write the letters of each operand, with a comma between two"#
        ]],
    );
    refused(
        of("ij->i", &[&[2, 3, 4]]),
        expect![[
            r#"cannot take `einsum("ij->i")` of a tensor of shape [2, 3, 4]: operand 0 has 2 letters for 3 axes (here); write one for each axis, or `...` for those in front"#
        ]],
    );
    refused(
        of("ij->i", &[&[2]]),
        expect![[
            r#"cannot take `einsum("ij->i")` of a tensor of shape [2]: operand 0 has 2 letters for 1 axis (here); write one for each axis, or `...` for those in front"#
        ]],
    );
    refused(
        of("i2->i", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("i2->i")` of a tensor of shape [2, 3]: operand 0 has `2` for a label (here); labels are letters, and `...` stands at most once"#
        ]],
    );
    refused(
        of("i......->i", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("i......->i")` of a tensor of shape [2, 3]: operand 0 has `.` for a label (here); labels are letters, and `...` stands at most once"#
        ]],
    );
    refused(
        of("ij->ii", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("ij->ii")` of a tensor of shape [2, 3]: the result has `i` twice (here); write each of its letters once"#
        ]],
    );
    refused(
        of("ij->ik", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("ij->ik")` of a tensor of shape [2, 3]: `k` of the result is in no operand (here); its letters are those of operands"#
        ]],
    );
    refused(
        of("ij->i!", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("ij->i!")` of a tensor of shape [2, 3]: the result has `!` for a label (here); labels are letters, and `...` stands at most once"#
        ]],
    );
    refused(
        of("...i->i", &[&[2, 3]]),
        expect![[
            r#"cannot take `einsum("...i->i")` of a tensor of shape [2, 3]: the result lacks the axes of `...` (here); write `...` in the result too, or sum over letters"#
        ]],
    );
}

#[test]
fn overflow_says_where_it_was_made() {
    let x = Tensor::from([i64::MAX, i64::MAX]);
    let text = x.try_dot(&x).and_then(|y| y.try_eval()).expect_err("it overflows").to_string();
    assert!(
        text.starts_with("cannot compute `contract`: it overflows integers of 64 bits; cast to f64 first"),
        "{text}"
    );
    assert!(text.contains("tests/tensor/contract.rs"), "{text}");
}

/// Axes of one label broadcast between operands, not within one.
#[test]
fn a_diagonal_is_of_one_size() {
    let ones = |shape: &[usize]| Tensor::ones(shape, DType::F64);
    for shape in [[3, 1], [1, 3]] {
        let text = try_einsum("i,ii->i", &[&ones(&[3]), &ones(&shape)]).expect_err("it is no diagonal").to_string();
        assert!(text.contains("in operand 1 against") && text.contains("axes of one label are of one size"), "{text}");
    }
    assert_eq!(einsum("i,ii->i", &[&ones(&[3]), &ones(&[1, 1])]).to_vec::<f64>(), [1.0; 3]);
}
