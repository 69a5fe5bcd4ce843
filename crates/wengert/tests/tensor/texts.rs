//! What errors and panics of tensors say, and where. Every text of the room is held by a test.

use crate::quiet::quietly;
use expect_test::{Expect, expect};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use wengert::tensor::{
    CrossEntropy, DType, JointOperation, Operation, Pad, REST, ScalarOperation, Shape, Tensor, TensorOperation,
    Tensors, adjoints, einsum, explain, grad, hessian, hvp, jacobian, jvp, s, value_and_grad, value_and_grad_checked,
    value_and_grad_report, vjp, vmap,
};
use wengert::{Real, Result, function};

/// The text of an error, which begins as all do and names a line of this file.
#[track_caller]
fn error<O>(outcome: Result<O>) -> String {
    let Err(error) = outcome else { panic!("it is no error") };
    let text = here(&error.to_string());
    assert!(text.starts_with("cannot ") && text.contains("HERE"), "{text}");
    text
}

/// The text of a panic, which begins as all do, and is reported in this file or names a line of it.
#[track_caller]
fn panic<O>(f: impl FnOnce() -> O) -> String {
    let Err(panic) = quietly(f) else { panic!("nothing panicked") };
    let text = here(&panic.text);
    assert!(text.starts_with("cannot ") && (panic.file == file!() || text.contains("HERE")), "{panic:?}");
    text
}

/// Places in this file as `HERE`.
fn here(text: &str) -> String {
    let mut pieces = text.split(file!());
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        all += "HERE";
        all += piece.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    }
    all
}

#[track_caller]
fn golden<const N: usize>(texts: [String; N], wanted: Expect) {
    wanted.assert_eq(&texts.join("\n"));
}

/// Zeros of a shape.
fn of(shape: impl Into<Shape>) -> Tensor {
    Tensor::zeros(shape, DType::F64)
}

#[test]
fn making() {
    let x = of([2, 3]);
    golden(
        [
            error(Tensor::try_new(vec![1.0; 5], [2, 3])),
            error(Tensor::try_zeros([usize::MAX / 2, 4], DType::F64)),
            error(Tensor::try_ones([2, REST], DType::F64)),
            error(Tensor::try_full([0, usize::MAX / 2, 4], 1, DType::F64)),
            error(Tensor::try_arange(0.0, 1.0, 0.0)),
            error(Tensor::try_arange(0.0, f64::INFINITY, 1.0)),
            error(Tensor::try_arange(0.0, 1e300, 1.0)),
            error(Tensor::try_linspace(0.0, 1.0, usize::MAX)),
            error(Tensor::try_eye([2, 3, 4], DType::F64)),
            error(Tensor::try_uniform(1, [2], DType::I64)),
            error(Tensor::try_bernoulli(1, 1.5, [2])),
            error(x.try_one_hot(3, DType::F64)),
            error(Tensor::from([3_i64]).one_hot(3, DType::F64).try_eval()),
            error(Tensor::from([-1_i64]).one_hot(3, DType::F64).try_eval()),
            error(Tensor::from([1_i64]).one_hot(0, DType::F64).try_eval()),
            error(x.try_to_vec::<f32>()),
            error(x.try_item::<f64>()),
        ],
        expect![[r#"
            cannot make a tensor of shape [2, 3] of 5 elements: it has 6 (HERE); give one for each place
            cannot make a tensor of shape [9223372036854775807, 4]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [2, REST]: `REST` follows from a number of elements, and there is none (HERE); give its size
            cannot make a tensor of shape [0, 9223372036854775807, 4]: it would have more elements than any memory (HERE); give smaller sizes
            cannot count from 0 to 1 by 0: a step of 0 goes nowhere (HERE); give finite numbers and a step that is not 0
            cannot count from 0 to inf by 1: it is not finite (HERE); give finite numbers and a step that is not 0
            cannot count from 0 to 1e300 by 1: there would be more numbers than any memory (HERE); give a greater step
            cannot give 18446744073709551615 numbers from 0 to 1: they are more than any memory (HERE); ask for fewer
            cannot make an identity matrix of shape [2, 3, 4]: a matrix has two axes (HERE); give `n`, or `[rows, columns]`
            cannot draw a tensor of shape [2] and type i64: such numbers are real (HERE); draw `DType::F64` and cast it, or use `bernoulli` or `permutation`
            cannot draw booleans that hold with probability 1.5: it is no probability (HERE); give a number from 0 to 1
            cannot give one for each class by a tensor of type f64: numbers of places are of type i64 (HERE); cast it first: `cast(DType::I64)`
            cannot compute `one_hot`: class 3 is out of bounds: there are 3 classes, counted from 0 (made at HERE)
            cannot compute `one_hot`: class -1 is out of bounds: there are 3 classes, counted from 0 (made at HERE)
            cannot compute `one_hot`: class 1 is out of bounds: there are 0 classes, counted from 0 (made at HERE)
            cannot give the elements of a tensor of type f64 as f32: the types differ (HERE); cast it first: `cast(DType::F32)`
            cannot give the one element of a tensor of shape [2, 3]: it has 6 (HERE); reduce it first, or ask for all by `to_vec`"#]],
    );
}

#[test]
fn arranging() {
    let x = of([2, 3]);
    golden(
        [
            error(x.try_reshape([4, 2])),
            error(x.try_reshape([4, REST])),
            error(x.try_reshape([REST, REST])),
            error(x.try_reshape([0, REST])),
            error(x.try_reshape([usize::MAX / 2, 4])),
            error(x.try_permute([0])),
            error(x.try_permute([0, 0])),
            error(x.try_permute([0, 2])),
            error(of([3]).try_transpose()),
            error(of([3, 1, 2]).try_t()),
            error(x.try_swap_axes(0, 2)),
            error(x.try_move_axis(0, -3)),
            error(of([3]).try_swap_axes(1, 0)),
            error(of(()).try_swap_axes(0, 0)),
            error(x.try_expand([3, 3])),
            error(x.try_expand([3])),
            error(of(()).try_expand([2, REST])),
            error(x.try_unsqueeze(3)),
            error(x.try_squeeze(0)),
            error(x.try_squeeze(5)),
            error(x.try_flip([0, 0])),
            error(x.try_roll(1, 2)),
            error(x.try_repeat([usize::MAX, 1])),
            error(x.try_repeat_interleave(2, 2)),
            error(x.try_repeat_interleave(usize::MAX, 0)),
            error(of([3]).try_tril(0)),
            error(of(()).try_triu(0)),
            error(Tensor::try_broadcast(&[&x, &of([2])])),
            error(Tensor::try_broadcast(&[&of([usize::MAX >> 10, 1]).expand([usize::MAX >> 10, 1]), &of([1 << 20])])),
        ],
        expect![[r#"
            cannot reshape a tensor of shape [2, 3] to [4, 2]: it has 6 elements, and there would be 8 (HERE); give as many places as elements, or leave one size open with `REST`
            cannot reshape a tensor of shape [2, 3] to [4, REST]: it has 6 elements, which 4 does not divide (HERE); give as many places as elements, or leave one size open with `REST`
            cannot reshape a tensor of shape [2, 3] to [REST, REST]: `REST` stands for one size, and is given twice (HERE); give as many places as elements, or leave one size open with `REST`
            cannot reshape a tensor of shape [2, 3] to [0, REST]: any size would do for `REST` beside a size of 0 (HERE); give as many places as elements, or leave one size open with `REST`
            cannot reshape a tensor of shape [2, 3] to [9223372036854775807, 4]: it has 6 elements, and there would be more than any memory can hold (HERE); give as many places as elements, or leave one size open with `REST`
            cannot permute a tensor of shape [2, 3]: it has 2 axes, and 1 are named (HERE); name each of its axes once
            cannot permute a tensor of shape [2, 3]: axis 0 is named twice (HERE); name each of its axes once
            cannot permute a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name each of its axes once
            cannot transpose a tensor of shape [3]: it has not two axes (HERE); give it another axis first: `unsqueeze(0)` makes a row of it, `unsqueeze(-1)` a column
            cannot take the transpose `t` of a tensor of shape [3, 1, 2]: it is no matrix: it has 3 axes (HERE); use `transpose` for the last two axes, `permute` for others
            cannot swap axes of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot move an axis of a tensor of shape [2, 3]: there is no axis -3; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot swap axes of a tensor of shape [3]: there is no axis 1; the one axis is 0 (or -1) (HERE); name one of its axes
            cannot swap axes of a tensor of shape []: there is no axis 0 in a scalar (HERE); name one of its axes
            cannot expand a tensor of shape [2, 3] to [3, 3]: axis 0 is 2 against 3 (HERE); axes broadcast only from size 1, and new ones stand in front
            cannot expand a tensor of shape [2, 3] to [3]: both broadcast to [2, 3] (HERE); axes broadcast only from size 1, and new ones stand in front
            cannot make a tensor of shape [2, REST]: `REST` follows from a number of elements, and there is none (HERE); give its size
            cannot unsqueeze a tensor of shape [2, 3]: there is no axis 3; axes are 0 to 2 (or -3 to -1) (HERE); name the place that the new axis will have, at most behind all others
            cannot squeeze a tensor of shape [2, 3]: axis 0 has size 2 (HERE); name axes of size 1, or `..` for all that are
            cannot squeeze a tensor of shape [2, 3]: there is no axis 5; axes are 0 to 1 (or -2 to -1) (HERE); name axes of size 1, or `..` for all that are
            cannot flip a tensor of shape [2, 3]: axis 0 is named twice (HERE); name its axes, or `..`
            cannot roll a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot make a tensor of shape [18446744073709551614, 3]: it would have more elements than any memory (HERE); give smaller sizes
            cannot repeat elements of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot make a tensor of shape [18446744073709551614, 3]: it would have more elements than any memory (HERE); give smaller sizes
            cannot take the lower triangle of a tensor of shape [3]: there is no axis -2; the one axis is 0 (or -1) (HERE); give it two axes or more
            cannot take the upper triangle of a tensor of shape []: there is no axis -2 in a scalar (HERE); give it two axes or more
            cannot broadcast a tensor of shape [2] with others to [2, 3]: axis 1 is 3 against 2 (HERE); axes broadcast only from size 1
            cannot make a tensor of shape [18014398509481983, 1048576]: it would have more elements than any memory (HERE); give smaller sizes"#]],
    );
}

#[test]
fn slicing() {
    let x = of([2, 3]);
    golden(
        [
            error(x.try_slice(s![2])),
            error(x.try_slice(s![.., -4])),
            error(x.try_slice(s![.., 1..4])),
            error(x.try_slice(s![2..1])),
            error(x.try_slice(s![..;0])),
            error(x.try_slice(s![0, 0, 0])),
            error(x.try_slice(s![..., ...])),
            error(of([0]).try_slice(s![0])),
            error(of([0]).try_slice(s![1..])),
            error(of(()).try_index(0)),
            error(x.try_index(2)),
        ],
        expect![[r#"
            cannot slice a tensor of shape [2, 3]: there is no place 2: axis 0 has 2 elements, 0 to 1 (or -2 to -1) (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [2, 3]: there is no place -4: axis 1 has 3 elements, 0 to 2 (or -3 to -1) (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [2, 3]: the range reaches 4: axis 1 has 3 elements, 0 to 2 (or -3 to -1) (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [2, 3]: the range along axis 0 ends at 1, before its start at 2 (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [2, 3]: the step along axis 0 is 0 (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [2, 3]: it has 2 axes, and 3 are named (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [2, 3]: `...` stands for the axes that the others leave, and is given twice (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [0]: there is no place 0: axis 0 has no elements (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot slice a tensor of shape [0]: the range reaches 1: axis 0 has no elements (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot take one place of a tensor of shape []: it has 0 axes, and 1 are named (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot take one place of a tensor of shape [2, 3]: there is no place 2: axis 0 has 2 elements, 0 to 1 (or -2 to -1) (HERE); name places that are there: ranges are not clipped, and a negative step walks them back"#]],
    );
}

#[test]
fn indexing() {
    let (x, i, mask) = (of([2, 3]), Tensor::from([0_i64]), Tensor::from([true, false]));
    golden(
        [
            error(x.try_take(&i, 2)),
            error(x.try_take(&of([1]), 0)),
            error(x.try_take(&mask, 0)),
            error(x.take(&Tensor::from([2_i64]), 0).try_eval()),
            error(of([0]).take(&i, 0).try_eval()),
            error(x.try_take_along(&i, 0)),
            error(x.try_take_along(&Tensor::zeros([2, 2], DType::I64), 0)),
            error(x.try_take_along(&of([1, 1]), 1)),
            error(x.try_take_along(&i, 2)),
            error(x.try_index_by(&[&i, &i, &i])),
            error(x.try_index_by(&[&of([1])])),
            error(x.try_index_by(&[&Tensor::zeros([2], DType::I64), &Tensor::zeros([3], DType::I64)])),
            error(x.index_by(&[&i, &Tensor::from([-4_i64])]).try_eval()),
            error(x.try_scatter_add(2, &i, 1.0)),
            error(x.try_scatter_add(0, &of([1]), 1.0)),
            error(mask.try_scatter_add(0, &i, true)),
            error(x.try_scatter_add(0, &i, of([2]))),
            error(i.try_scatter_add(0, &i, 0.5)),
            error(x.try_scatter(2, &i, 1.0)),
            error(x.try_scatter(0, &mask, 1.0)),
            error(x.try_scatter(0, &i, of([2]))),
            error(x.scatter(0, &Tensor::from([5_i64]), 1.0).try_eval()),
            error(x.try_masked_fill(&x, 1.0)),
            error(x.try_masked_fill(&mask, 1.0)),
            error(x.try_masked_fill(&Tensor::from([[[true]]]), 1.0)),
            error(x.try_masked_fill(&Tensor::from([true]), of([2]))),
            error(mask.try_masked_fill(&mask, 2)),
            error(x.try_masked_select(&x)),
            error(x.try_masked_select(&mask)),
        ],
        expect![[r#"
            cannot take slices of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot take slices by a tensor of type f64: numbers of places are of type i64 (HERE); cast it first: `cast(DType::I64)`
            cannot take slices by a tensor of type bool: numbers of places are of type i64 (HERE); a mask picks by `masked_select`, or cast it: `cast(DType::I64)`
            cannot compute `take`: index 2 is out of bounds: the axis has 2 elements, 0 to 1 (made at HERE)
            cannot compute `take`: index 0 is out of bounds: the axis has no elements (made at HERE)
            cannot take elements of a tensor of shape [2, 3] along axis 0 by indices of shape [1]: it has 2 axes, and they have 1 (HERE); give indices with as many axes, which may differ along that one
            cannot take elements of a tensor of shape [2, 3] along axis 0 by indices of shape [2, 2]: axis 1 is 3 against 2 (HERE); give indices with as many axes, which may differ along that one
            cannot take elements by a tensor of type f64: numbers of places are of type i64 (HERE); cast it first: `cast(DType::I64)`
            cannot take elements of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot pick elements of a tensor of shape [2, 3] by 3 indices: it has 2 axes (HERE); give at most one for each axis
            cannot pick elements by a tensor of type f64: numbers of places are of type i64 (HERE); cast it first: `cast(DType::I64)`
            cannot broadcast a tensor of shape [3] with others to [2]: axis 0 is 2 against 3 (HERE); axes broadcast only from size 1
            cannot compute `index_by`: index -4 is out of bounds: the axis has 3 elements, 0 to 2 (made at HERE)
            cannot add slices to a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot add slices by a tensor of type f64: numbers of places are of type i64 (HERE); cast it first: `cast(DType::I64)`
            cannot add slices to a tensor of type bool: booleans are not added (HERE); cast it first, or use `scatter`
            cannot add a tensor of shape [2] where shape [1, 3] is: axis 1 is 2 against 3 (HERE); give one that broadcasts to that shape
            cannot add elements of type f64 into a tensor of type i64: i64 cannot hold them (HERE); cast it first: `cast(DType::F64)`
            cannot set slices of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot set slices by a tensor of type bool: numbers of places are of type i64 (HERE); a mask picks by `masked_select`, or cast it: `cast(DType::I64)`
            cannot set a tensor of shape [2] where shape [1, 3] is: axis 1 is 2 against 3 (HERE); give one that broadcasts to that shape
            cannot compute `scatter`: index 5 is out of bounds: the axis has 2 elements, 0 to 1 (made at HERE)
            cannot fill by a tensor of type f64: it is no mask (HERE); compare it first, as in `x.gt(0.0)`
            cannot fill a tensor of shape [2, 3] by a mask of shape [2]: axis 1 is 3 against 2 (HERE); give a mask that broadcasts to the shape of the tensor
            cannot fill a tensor of shape [2, 3] by a mask of shape [1, 1, 1]: both broadcast to [1, 2, 3] (HERE); give a mask that broadcasts to the shape of the tensor
            cannot fill in a tensor of shape [2] where shape [2, 3] is: axis 1 is 2 against 3 (HERE); give one that broadcasts to that shape
            cannot fill in elements of type i64 into a tensor of type bool: bool cannot hold them (HERE); cast it first: `cast(DType::I64)`
            cannot pick by a tensor of type f64: it is no mask (HERE); compare it first, as in `x.gt(0.0)`
            cannot pick from a tensor of shape [2, 3] by a mask of shape [2]: axis 1 is 3 against 2 (HERE); axes broadcast only from size 1"#]],
    );
}

#[test]
fn setting() {
    let (mut x, mut i, mut mask) = (of([2, 3]), Tensor::from([0_i64]), Tensor::from([true, false]));
    golden(
        [
            error(x.try_set(s![2], 1.0)),
            error(x.try_set(s![0], of([2]))),
            error(x.try_set(s![0, 0], of([1]))),
            error(i.try_set(s![0], 0.5)),
            error(x.try_add_at(s![.., 4], 1.0)),
            error(x.try_add_at(s![..], of([2]))),
            error(mask.try_add_at(s![..], true)),
            error(x.try_fill_where(&mask, 1.0)),
            error(x.try_scatter_set(0, &Tensor::from([1.5]), 1.0)),
        ],
        expect![[r#"
            cannot write to a slice of a tensor of shape [2, 3]: there is no place 2: axis 0 has 2 elements, 0 to 1 (or -2 to -1) (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot set a tensor of shape [2] where shape [3] is: axis 0 is 2 against 3 (HERE); give one that broadcasts to that shape
            cannot set a tensor of shape [1] where shape [] is: both broadcast to [1] (HERE); give one that broadcasts to that shape
            cannot set elements of type f64 into a tensor of type i64: i64 cannot hold them (HERE); cast it first: `cast(DType::F64)`
            cannot write to a slice of a tensor of shape [2, 3]: there is no place 4: axis 1 has 3 elements, 0 to 2 (or -3 to -1) (HERE); name places that are there: ranges are not clipped, and a negative step walks them back
            cannot add a tensor of shape [2] where shape [2, 3] is: axis 1 is 2 against 3 (HERE); give one that broadcasts to that shape
            cannot add to places of a tensor of type bool: booleans are not added (HERE); cast it first, or use `set`
            cannot fill a tensor of shape [2, 3] by a mask of shape [2]: axis 1 is 3 against 2 (HERE); give a mask that broadcasts to the shape of the tensor
            cannot set slices by a tensor of type f64: numbers of places are of type i64 (HERE); cast it first: `cast(DType::I64)`"#]],
    );
}

#[test]
fn joining() {
    let x = of([2, 3]);
    golden(
        [
            error(Tensor::try_concat(&[], 0)),
            error(Tensor::try_concat(&[&x, &of([2, 4])], 0)),
            error(Tensor::try_concat(&[&x, &x, &of([2])], 1)),
            error(Tensor::try_concat(&[&x], 2)),
            error(Tensor::try_concat(&[&of([1 << 40, 1 << 19]), &of([1 << 40, 1 << 19])], 1)),
            error(Tensor::try_stack(&[], 0)),
            error(Tensor::try_stack(&[&x, &of([2, 4])], 0)),
            error(Tensor::try_stack(&[&x], 3)),
            error(x.try_split(&[1, 2], 0)),
            error(x.try_split(&[2], 2)),
            error(x.try_chunk(0, 0)),
            error(x.try_chunk(1, 2)),
            error(x.try_pad([(1, 1)], Pad::Edge)),
            error(x.try_pad([(0, 0), (usize::MAX, 1)], Pad::Constant(0.0))),
            error(of([0]).try_pad([(1, 0)], Pad::Reflect)),
            error(Tensor::from([1_i64]).try_pad([(1, 0)], Pad::Constant(0.5))),
        ],
        expect![[r#"
            cannot concatenate no tensors: their shape is not known (HERE); give at least one
            cannot concatenate a tensor of shape [2, 3] and one of shape [2, 4] (number 1) along axis 0: axis 1 is 3 against 4 (HERE); give tensors that differ only along that axis
            cannot concatenate a tensor of shape [2, 3] and one of shape [2] (number 2) along axis 1: they have 2 axes against 1 (HERE); give tensors that differ only along that axis
            cannot concatenate a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot make a tensor of shape [1099511627776, 1048576]: it would have more elements than any memory (HERE); give smaller sizes
            cannot stack no tensors: their shape is not known (HERE); give at least one
            cannot stack a tensor of shape [2, 3] and one of shape [2, 4] (number 1): axis 1 is 3 against 4 (HERE); give tensors of one shape
            cannot stack tensors of shape [2, 3]: there is no axis 3; axes are 0 to 2 (or -3 to -1) (HERE); name the place that the new axis will have, at most behind all others
            cannot split a tensor of shape [2, 3] along axis 0 into [1, 2]: the sizes add up to 3 against 2 (HERE); give sizes for all of the axis, or slice it
            cannot split a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot chunk a tensor of shape [2, 3] along axis 0 into 0 parts: its elements have to go somewhere (HERE); ask for one part or more
            cannot chunk a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot pad a tensor of shape [2, 3] by [(1, 1)]: it has 2 axes, and 1 pairs are given (HERE); give a pair `(before, behind)` for each axis
            cannot make a tensor of shape [2, 18446744073709551614]: it would have more elements than any memory (HERE); give smaller sizes
            cannot pad a tensor of shape [0] by [(1, 0)]: axis 0 has no elements to pad it with (HERE); pad it with a constant: `Pad::Constant(0.0)`
            cannot pad a tensor of type i64 with 0.5: i64 cannot hold it (HERE); give a number of type i64, or cast it first"#]],
    );
}

#[test]
fn along_an_axis() {
    let x = of([2, 3]);
    golden(
        [
            error(x.try_cumsum(2)),
            error(x.try_cumprod(2)),
            error(x.try_cumsum(..)),
            error(x.try_sort(2)),
            error(x.try_sort_descending(2)),
            error(x.try_argsort(2)),
            error(x.try_argsort_descending(2)),
            error(x.try_top_k(1, 2)),
            error(x.try_top_k(4, 1)),
            error(x.try_window(2, 1, 1)),
            error(x.try_window(0, 0, 1)),
            error(x.try_window_dilated(1, 2, 1, 3)),
            error(of([1 << 40]).try_window(0, 1 << 39, 1)),
            error(of(()).try_fold(0, 1, 1)),
            error(x.try_fold(1, 3, 1)),
            error(x.try_fold(0, 3, 1)),
            error(x.try_fold(0, 8, 1)),
            error(of([2, 0]).try_fold_dilated(0, 8, 1, 2)),
            error(Tensor::from([i64::MAX, 1]).cumsum(0).try_eval()),
            error(Tensor::from([[0, i64::MAX], [1, 0]]).fold(0, 3, 1).try_eval()),
        ],
        expect![[r#"
            cannot take running sums of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot take running products of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot take running sums of a tensor of shape [2, 3]: it goes along one axis, and 2 are named (HERE); name one of its axes
            cannot sort a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot sort a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot sort a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot sort a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot take the greatest of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot take the 4 greatest of a tensor of shape [2, 3] along axis 1: it has 3 there (HERE); ask for fewer
            cannot slide a window over a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name one of its axes
            cannot slide a window over a tensor of shape [2, 3] along axis 0: its size is 0, its step 1 and its dilation 1 (HERE); give numbers from 1 on
            cannot slide a window over a tensor of shape [2, 3] along axis 1: a window reaches over 4 elements, and there are 3 (HERE); pad the axis first, or take a smaller window
            cannot make a tensor of shape [549755813889, 549755813888]: it would have more elements than any memory (HERE); give smaller sizes
            cannot fold a tensor of shape []: it has no axis of windows (HERE); give it what `window` makes
            cannot fold a tensor of shape [2, 3]: there is no axis 1; the one axis is 0 (or -1) (HERE); name an axis of the result: the last one, of the windows, is gone then
            cannot fold a tensor of shape [2, 3] along axis 0 to 3 elements: it has 2 windows, and 1 stand there (HERE); give the length and the step that they were made with
            cannot fold a tensor of shape [2, 3] along axis 0 to 8 elements: it has 2 windows, and 6 stand there (HERE); give the length and the step that they were made with
            cannot fold a tensor of shape [2, 0] along axis 0 to 8 elements: its size is 0, its step 1 and its dilation 2 (HERE); give numbers from 1 on
            cannot compute `cumsum`: it overflows integers of 64 bits; cast to f64 first (made at HERE)
            cannot compute `fold`: it overflows integers of 64 bits; cast to f64 first (made at HERE)"#]],
    );
}

#[test]
fn elementwise() {
    let (a, b) = (of([2, 3]), of([2, 4]));
    fn wave<R: Real>(x: &[R]) -> R {
        x[0].sin() * x[1]
    }
    golden(
        [
            error(a.try_add(&b)),
            error(a.try_sub(&b)),
            error(a.try_mul(&b)),
            error(a.try_div(&b)),
            error(a.try_rem(&b)),
            panic(|| a.atan2(&b)),
            panic(|| a.mul_add(&b, 1.0)),
            panic(|| &a + &b),
            panic(|| a.lt(&b)),
            panic(|| Tensor::map_many(&function!(wave), &[&a, &b])),
            error(a.try_select(&a, &a)),
            error(a.gt(0.0).try_select(&a, &b)),
            error((Tensor::from([i64::MAX]) + 1).try_eval()),
            error((Tensor::from([1_i64]) % 0).try_eval()),
        ],
        expect![[r#"
            cannot add a tensor of shape [2, 4] to one of shape [2, 3]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot subtract a tensor of shape [2, 4] from one of shape [2, 3]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot multiply a tensor of shape [2, 3] by one of shape [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot divide a tensor of shape [2, 3] by one of shape [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot apply `rem` to tensors of shapes [2, 3] and [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot apply `atan2` to tensors of shapes [2, 3] and [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot apply `mul_add` to tensors of shapes [2, 3] and [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot add a tensor of shape [2, 4] to one of shape [2, 3]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot compare tensors of shapes [2, 3] and [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot map a function over tensors: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot select by a tensor of type f64: it is no mask (HERE); compare it first, as in `x.gt(0.0)`
            cannot apply `select` to tensors of shapes [2, 3] and [2, 3] and [2, 4]: axis 1 is 3 against 4 (HERE); axes broadcast only from size 1
            cannot compute `add`: `add` overflows integers of 64 bits, or divides by 0; cast to f64 first (made at HERE)
            cannot compute `rem`: `rem` overflows integers of 64 bits, or divides by 0; cast to f64 first (made at HERE)"#]],
    );
}

/// An operation whose derivatives are wrong in one of several ways.
struct Crooked(u8);

impl Operation for Crooked {
    fn name(&self) -> &'static str {
        "crooked"
    }
    fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
        (x[0].shape().into(), x[0].dtype())
    }
    fn value(&self, x: &[Tensor]) -> Result<Tensor> {
        Ok(if self.0 == 3 { x[0].sum(..) } else { x[0].clone() })
    }
    fn pullback(&self, _: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
        match self.0 {
            0 => None,
            1 => Some(vec![ybar.clone(), ybar.clone()]),
            _ => Some(vec![ybar.sum(..)]),
        }
    }
    fn jvp(&self, _: &[Tensor], _: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
        if self.0 == 0 { None } else { Some(xdot[0].sum(..)) }
    }
}

#[test]
fn operations_of_ones_own() {
    let x = Tensor::from([1.0, 2.0]);
    let crooked = |how: u8, x: &Tensor| Tensor::call(Crooked(how), &[x]).sum(..);
    golden(
        [
            panic(|| grad(|x| crooked(0, x), &x)),
            panic(|| grad(|x| crooked(1, x), &x)),
            panic(|| grad(|x| crooked(2, x), &x)),
            panic(|| jvp(|x| crooked(0, x), &x, &x)),
            panic(|| jvp(|x| crooked(1, x), &x, &x)),
            error(crooked(3, &x).try_eval()),
        ],
        expect![[r#"
            cannot differentiate the operation `crooked`: it has no pullback (called at HERE); give it `Operation::pullback`, or hold it constant with `stop_gradient`
            cannot use the pullback of the operation `crooked`: it gave 2 tensors for 1 inputs (called at HERE); give one for each
            cannot use the pullback of the operation `crooked`: the adjoint of input 0 has shape [], the input [2] (called at HERE); give adjoints of the shapes of the inputs
            cannot differentiate the operation `crooked` forward: it has no JVP (called at HERE); give it `Operation::jvp`, or use reverse mode (`grad`, `vjp`)
            cannot use the JVP of the operation `crooked`: the tangent has shape [], the result [2] (called at HERE); give a tangent of the shape of the result
            cannot compute `crooked`: it gave f64 of shape [] where it had announced f64 of shape [2] (made at HERE)"#]],
    );
}

#[test]
fn searching_what_is_not_finite() {
    let (x, spoiled) = (Tensor::from([1.0, 0.0]), Tensor::from([f64::NAN]));
    golden(
        [error((x.ln() * &x).check_finite()), error((&spoiled * 2.0).check_finite()), error(spoiled.check_finite())],
        expect![[r#"
            cannot find `ln` finite: element [1] is -inf, of finite inputs (made at HERE); keep its inputs where it is finite
            cannot find `mul` finite: element [0] is NaN, and its input 0, which was given, is not finite (made at HERE); look where that comes from
            cannot find what was given finite: element [0] is NaN (given at HERE); look where it comes from"#]],
    );
}

/// An operation of several results, one of which is no real number.
struct Counted;

impl JointOperation for Counted {
    fn name(&self) -> &'static str {
        "counted"
    }
    fn kinds(&self, x: &[Tensor]) -> Vec<(Shape, DType)> {
        vec![(x[0].shape().into(), x[0].dtype()), (Shape::from(()), DType::I64)]
    }
    fn values(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(vec![x[0].clone(), Tensor::from(1_i64)])
    }
}

#[test]
fn operations_of_several_results() {
    golden(
        [panic(|| Tensor::call_joint(Counted, &[&of([2])]))],
        expect![
            "cannot call the operation `counted`: a result is to be of type i64, and results of several are f32 or f64; give it by an operation of its own"
        ],
    );
}

#[test]
fn derivatives() {
    let (x, labels) = (of([2, 3]), Tensor::from([1_i64]));
    golden(
        [
            panic(|| grad(|x| x * 2.0, &x)),
            panic(|| value_and_grad(|i| i.sum(..), &labels)),
            panic(|| jvp(|x| x * 2.0, &x, &of([3]))),
            panic(|| jvp(|x| x.sum(..), &labels, &labels)),
            panic(|| hvp(|x| x.sum(..), &x, &of([3]))),
            quietly(|| hessian(|x| x * 2.0, &x)).expect_err("it is no scalar").text,
            panic(|| jacobian(|x| x.gt(0.0), &x)),
            panic(|| vjp(|x| x * 2.0, &x).1.call(&of([3]))),
            value_and_grad_checked(|(x, _)| x.sum(..), &(x.clone(), of([1]))).err().unwrap().to_string(),
            here(&value_and_grad_checked(|x| x.sqrt().sum(..), &of([1])).err().unwrap().to_string()),
        ],
        expect![[r#"
            cannot give the gradient of a result of shape [2, 3] and type f64: it is of one real number; sum or average it, or use `jacobian` or `vjp`
            cannot differentiate with respect to the input, a tensor of type i64: derivatives are of f32 and f64; cast it first, or capture it in the closure
            cannot differentiate along directions of shapes [[3]]: those of the input are [[2, 3]]; give one of its shape for each
            cannot differentiate with respect to the input, a tensor of type i64: derivatives are of f32 and f64; cast it first, or capture it in the closure
            cannot differentiate along directions of shapes [[3]]: those of the input are [[2, 3]]; give one of its shape for each
            cannot give the gradient of a result of shape [2, 3] and type f64: it is of one real number; sum or average it, or use `jacobian` or `vjp`
            cannot give the Jacobian of a result of type bool: derivatives are of f32 and f64; take what is differentiable
            cannot pull back adjoints of shapes [[3]]: those of the value are [[2, 3]]; give one of its shape for each
            cannot vouch for the gradient: no derivative reaches `1`; leave them out, or take the zeros by `value_and_grad`
            cannot give the gradient: a derivative is not finite; the first that was not finite: `recip` of 0 is inf at [0] (in the derivative of the operation at HERE); move the input away from that point, or select another branch there"#]],
    );
}

#[test]
fn structures() {
    let (one, two) = (vec![of([2])], vec![of([2]), of([3])]);
    golden(
        [panic(|| one.zip_with(&two, |x, _| x.clone()))],
        expect![[r#"
            cannot go through structures of 1 and 2 tensors together: each needs one at the same place; give two of one structure"#]],
    );
}

#[test]
fn batches() {
    let x = of([2, 3]);
    let mut escaped = None;
    vmap(
        |x| {
            escaped = Some(x.clone());
            x.clone()
        },
        &x,
    );
    let inside = |f: &dyn Fn(&Tensor) -> String| {
        let mut text = String::new();
        vmap(
            |x| {
                text = f(x);
                x.clone()
            },
            &x,
        );
        text
    };
    golden(
        [
            panic(|| vmap(|x| x.clone(), &of(()))),
            panic(|| vmap(|(x, _)| x.clone(), &(x.clone(), of([3])))),
            panic(|| vmap(|()| of(()), &())),
            error(escaped.unwrap().try_eval()),
            inside(&|x| error(x.try_eval())),
            inside(&|x| error(x.try_to_vec::<f64>())),
            inside(&|x| error(x.try_nonzero())),
            inside(&|x| error(x.try_masked_select(&x.gt(0.0)))),
        ],
        expect![[r#"
            cannot map over a scalar (number 0 of the inputs): it has no axis 0; capture it in the closure
            cannot map over tensors of 2 and 3 examples (number 1 of the inputs): axis 0 differs; give as many of each
            cannot map over no tensors: give at least one
            cannot compute `variable`: it is an example of `vmap`, which has no value: what depends on examples cannot steer the program; write it with `select`, or loop over the examples (made at HERE)
            cannot compute a tensor of shape [3] inside `vmap`: it differs from example to example, and cannot steer the program (HERE); write it with `select`, or loop over the examples
            cannot give the elements of a tensor of shape [3] inside `vmap`: it differs from example to example, and cannot steer the program (HERE); write it with `select`, or loop over the examples
            cannot give the places of what is not 0 in a tensor of shape [3]: how many there are depends on the example, and all results of `vmap` have one shape (HERE); write it with `select`, or loop over the examples
            cannot pick by a mask a tensor of shape [3]: how many there are depends on the example, and all results of `vmap` have one shape (HERE); write it with `select`, or loop over the examples"#]],
    );
}

#[test]
fn bridges() {
    fn product<R: Real>(x: &[R]) -> R {
        x[0] * x[1]
    }
    let doubled = TensorOperation::new([2], |x| x * 2.0);
    let moody = {
        let calls = std::sync::atomic::AtomicUsize::new(1);
        TensorOperation::new([2], move |x| x.sum(..).expand([calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed)]))
    };
    golden(
        [
            panic(|| TensorOperation::new([2], |x| x.gt(0.0))),
            panic(|| f64::call(&doubled, &[1.0])),
            panic(|| f64::call(&moody, &[1.0, 2.0])),
            panic(|| ScalarOperation::new(&function!(product), 2).call(&of([3]))),
            format!("{doubled:?}"),
            format!("{:?}", ScalarOperation::new(&function!(product), 2)),
        ],
        expect![[r#"
            cannot use a function of tensors among numbers: its result is of type bool; cast it to f64
            cannot call a function of a tensor of shape [2] with 1 numbers: it has 2 elements; give one for each
            cannot call a function of tensors among numbers: its result has shape [2] here and [1] before; let it depend on nothing but the shape of the input
            cannot call a program of 2 numbers with a tensor of shape [3]: it has 3 elements; give one for each
            TensorOperation from [2] to [2]
            ScalarOperation of 2 inputs and 1 outputs"#]],
    );
}

#[test]
fn reducing() {
    let (x, i) = (of([2, 3]), Tensor::zeros([0, 2], DType::I64));
    golden(
        [
            error(x.try_sum(2)),
            error(x.try_sum([0, 0])),
            error(x.try_mean(2)),
            error(x.try_max(2)),
            error(i.try_max(0)),
            error(i.try_min(..)),
            error(x.try_argmax(..)),
            error(i.try_argmin(0)),
            error(x.try_var(2)),
            error(x.try_norm(2)),
            error(x.try_softmax(2)),
            error(Tensor::from([i64::MAX, 1]).sum(..).try_eval()),
            error(Tensor::from([i64::MAX, 2]).prod(..).try_eval()),
        ],
        expect![[r#"
            cannot take `sum` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`
            cannot take `sum` of a tensor of shape [2, 3]: axis 0 is named twice (HERE); name its axes, or `..`
            cannot take `mean` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`
            cannot take `max` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`
            cannot take `max` of a tensor of shape [0, 2] and type i64: there is none of no integers (HERE); cast it to f64, or leave it out when empty
            cannot take `min` of a tensor of shape [0, 2] and type i64: there is none of no integers (HERE); cast it to f64, or leave it out when empty
            cannot take `argmax` of a tensor of shape [2, 3]: it is along one axis, and 2 are named (HERE); reshape it first, so that they are one
            cannot take `argmin` of a tensor of shape [0, 2]: axis 0 has no elements (HERE); leave it out when it is empty
            cannot take `var` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`
            cannot take `norm` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`
            cannot take `softmax` of a tensor of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`
            cannot compute `sum`: it overflows integers of 64 bits; cast to f64 first (made at HERE)
            cannot compute `prod`: it overflows integers of 64 bits; cast to f64 first (made at HERE)"#]],
    );
}

#[test]
fn losses_and_norms() {
    let (x, labels) = (of([2, 3]), Tensor::from([0_i64, 2]));
    let with = |options: CrossEntropy, targets: &Tensor| error(x.try_cross_entropy_with(targets, &options));
    let usual = CrossEntropy::default();
    golden(
        [
            error(x.try_cross_entropy(&Tensor::from([0_i64]))),
            error(x.try_cross_entropy(&of([2]))),
            error(x.try_cross_entropy(&Tensor::from([0_i64, 3]))),
            error(x.cross_entropy(&(&labels + 1)).try_eval()),
            with(CrossEntropy { axis: 2, ..usual }, &labels),
            with(CrossEntropy { smoothing: 2.0, ..usual }, &labels),
            with(CrossEntropy { ignore: Some(-1), ..usual }, &x),
            error(x.try_sigmoid_cross_entropy(&of([3]))),
            error(x.try_layer_norm(-1, -1.0)),
            error(x.try_rms_norm(5, 0.0)),
        ],
        expect![[r#"
            cannot take `cross_entropy` of logits of shape [2, 3]: the targets have shape [1] and type i64: labels for it have shape [2] (HERE); labels are i64 and have no axis of classes, probabilities are f32 or f64 and have
            cannot take `cross_entropy` of logits of shape [2, 3]: the targets have shape [2] and type f64: probabilities for it have shape [2, 3] (HERE); labels are i64 and have no axis of classes, probabilities are f32 or f64 and have
            cannot take `cross_entropy` of logits of shape [2, 3]: label 3 (number 1 of them) is that of none of the 3 classes (HERE); labels count from 0; name one that is not to count as `ignore`
            cannot compute `take`: index 3 is out of bounds: the axis has 3 elements, 0 to 2 (made at HERE)
            cannot take `cross_entropy` of logits of shape [2, 3]: there is no axis 2; axes are 0 to 1 (or -2 to -1) (HERE); name the axis of the classes
            cannot take `cross_entropy` of logits of shape [2, 3]: the smoothing is 2 (HERE); it is a part of the target: give 0 to 1
            cannot take `cross_entropy` of logits of shape [2, 3]: a label to ignore is given, and the targets are no labels (HERE); leave `ignore` out
            cannot take `sigmoid_cross_entropy` of logits of shape [2, 3]: the targets have shape [3] (HERE); give one target for each logit
            cannot take `layer_norm` with eps -1: it is added to a variance (HERE); give a small number such as 1e-5
            cannot take `rms_norm` of a tensor of shape [2, 3]: there is no axis 5; axes are 0 to 1 (or -2 to -1) (HERE); name its axes, or `..`"#]],
    );
}

#[test]
fn contracting() {
    let (a, b) = (of([2, 3]), of([2, 4]));
    golden(
        [
            error(a.try_matmul(&b)),
            error(of(()).try_matmul(&b)),
            error(a.try_dot(&b)),
            error(a.try_diagonal(0, 0)),
            error(of([3]).try_trace()),
            error(wengert::tensor::try_einsum("ij,jk->ik", &[&a, &b])),
            panic(|| einsum("ij", &[&a, &b])),
        ],
        expect![[r#"
            cannot take the matrix product of tensors of shapes [2, 3] and [2, 4]: axis 1 of the first is 3 against 2 of axis 0 of the second (HERE); transpose one, or change their order
            cannot take the matrix product of tensors of shapes [] and [2, 4]: one of them is a scalar (HERE); use `*` for a product at every place
            cannot take the dot product of tensors of shapes [2, 3] and [2, 4]: axis 1 of the first is 3 against 2 of axis 0 of the second (HERE); transpose one, or change their order
            cannot take `diagonal` of a tensor of shape [2, 3]: axis 0 is named twice (HERE); name two axes of it
            cannot take `trace` of a tensor of shape [3]: it has fewer than two axes (HERE); give a matrix, or a batch of them
            cannot take `einsum("ij,jk->ik")` of tensors of shapes [2, 3] and [2, 4]: label `j` is 3 in operand 0 against 2 in operand 1 (HERE); axes of one label are of one size, or 1
            cannot take `einsum("ij")` of tensors of shapes [2, 3] and [2, 4]: it is of 1 operand, and 2 are given (HERE); write the letters of each operand, with a comma between two"#]],
    );
}

#[test]
fn reports() {
    let x = Tensor::from([0.0, 1.0]);
    let (_, _, report) = value_and_grad_report(|(x, _)| x.ln().sum(..), &(x.clone(), of([1])));
    let text = here(&report.to_string());
    golden(
        [text.lines().filter(|line| line.starts_with("not finite")).collect()],
        expect!["not finite     `ln` of 0 is -inf at [0] (at HERE)"],
    );
    let spoiled = Tensor::from([f64::NAN]);
    golden(
        [here(&value_and_grad_checked(|x| (x * &spoiled).sum(..), &x).err().unwrap().to_string())],
        expect![
            "cannot give the value: it is not finite; a tensor that was captured or a constant is not finite; look at those"
        ],
    );
    let kept = adjoints(|x| x.sin().tag("wave").sum(..), &x);
    golden(
        [here(&kept.to_string())],
        expect![[r#"
        operation                                 value                          adjoint  name, source
        variable                             [0.0, 1.0]        [1.0, 0.5403023058681398]  (HERE)
        sin                   [0.0, 0.8414709848078965]                       [1.0, 1.0]  wave (HERE)
        sum                          0.8414709848078965                                1  (HERE)
    "#]],
    );
}

#[test]
fn explanations() {
    let [x, w, v] =
        [(40, 30), (30, 20), (20, 20)].map(|(m, n)| Tensor::iota(m * n).reshape([m, n]).cast(DType::F64).eval());
    let of = |f: &dyn Fn(&Tensor, &Tensor) -> Tensor| {
        let (y, (dw, dv)) = value_and_grad(|(w, v): &(Tensor, Tensor)| f(w, v), &(w.clone(), v.clone()));
        let text = here(&explain(&[&y, &dw, &dv]).unwrap().to_string());
        let told: Vec<&str> = text.lines().filter(|line| line.contains("save")).collect();
        told.join("\n")
    };
    golden(
        [
            of(&|w, v| x.matmul(w).relu().matmul(v).square().sum(..)),
            of(&|w, _| (x.matmul(w) + 0.1).relu().cumsum(0).square().sum(..)),
            of(&|w, _| w.slice(s![0, ..2]).sin().relu().cumsum(0).square().sum(..)),
            of(&|w, _| w.relu().square().sum(..)),
            here(&explain(&[&x.exp()]).unwrap().to_string()),
        ],
        expect![[r#"
            saved for the backward part: 12.8 kB
              `relu` saves the output, which is kept anyway (6400 B; HERE)
            saved for the backward part: 12.8 kB
              `relu` saves a mask of 1 bit for each element: neither input nor output is kept (104 B; HERE)
            saved for the backward part: 16 B
              `relu` saves a mask of 1 byte for each element: neither input nor output is kept (2 B; HERE)
              `relu` saves nothing: the derivative is computed with the value (0 B; HERE)
            1 operations, 1 when merged, in 1 steps
            given: 1 arrays, 9600 B; buffers: at most 9600 B at once
              1  group [1200] places, f64, 1 line: [40, 30] f64 (9600 B)
                   inputs v0
                   v1 = exp(v0)
                   outputs v1
        "#]],
    );
}

#[test]
#[cfg(all(feature = "npy", feature = "safetensors"))]
fn files() {
    use wengert::tensor::{load_npz, load_safetensors, save_safetensors};
    let folder = std::env::temp_dir().join(format!("wengert-texts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let npy = |header: &str| {
        let padded = format!("{header:<117}\n");
        [&b"\x93NUMPY\x01\x00\x76\x00"[..], padded.as_bytes(), &[0; 16]].concat()
    };
    let records = npy("{'descr': [('a', '<f8'), ('b', '<i8')], 'fortran_order': False, 'shape': (1,), }");
    let complex = npy("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }");
    let half = br#"{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#;
    let half = [&(half.len() as u64).to_le_bytes()[..], half, &[0, 0]].concat();
    let (x, folder_name) = (of([1]), folder.display().to_string());
    let told = |outcome: Result<()>| {
        let text = outcome.expect_err("it is no file of tensors").to_string().replace(&folder_name, "FOLDER");
        assert!(text.starts_with("cannot "), "{text}");
        text
    };
    let zip = file("bad.npz", &zipped("w.npy", &complex));
    let texts = [
        told(Tensor::load_npy(file("records.npy", &records)).map(drop)),
        told(Tensor::load_npy(file("complex.npy", &complex)).map(drop)),
        told(load_npz(zip).map(drop)),
        told(load_safetensors(file("half.safetensors", &half)).map(drop)),
        told(save_safetensors(folder.join("twice.safetensors"), &[("w", &x), ("w", &x)], &[])),
    ];
    std::fs::remove_dir_all(&folder).unwrap();
    golden(
        texts,
        expect![[r#"
        cannot load FOLDER/records.npy: it has records; save one array for each of their fields
        cannot load FOLDER/complex.npy: its elements are of type <c16; convert them to bool, int64, float32 or float64
        cannot load array `w` of FOLDER/bad.npz: its elements are of type <c16; convert them to bool, int64, float32 or float64
        cannot load tensor `w` of FOLDER/half.safetensors: its elements are of type F16; convert them to bool, i64, f32 or f64
        cannot write FOLDER/twice.safetensors: two tensors have the name `w`; give each a name of its own"#]],
    );
}

/// An archive of one stored file.
#[cfg(all(feature = "npy", feature = "safetensors"))]
fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc = (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 });
    }
    let (crc, len, named) =
        ((!crc).to_le_bytes(), (bytes.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
    let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc, &len, &len, &named, &[0, 0]].concat();
    let local = [&b"PK\x03\x04"[..], &common, name.as_bytes(), bytes].concat();
    let central = [&b"PK\x01\x02\x14\x00"[..], &common, &[0; 14], name.as_bytes()].concat();
    let (size, at) = ((central.len() as u32).to_le_bytes(), (local.len() as u32).to_le_bytes());
    [&local[..], &central, b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &size, &at, &[0, 0]].concat()
}

/// Texts that no program of a user's on a machine of 64 bits can bring about: they say what cannot be.
const BEYOND: [&str; 18] = [
    "its sizes are greater than memory",
    "give a tensor of shape ",
    "use fewer elements",
    "` is not for booleans; cast them first",
    "` is not for integers; cast them first",
    "views lie within their arrays",
    // Of pictures and of large plans.
    "a mask of 1 byte for each element: neither input nor output is kept",
    " more steps are not drawn",
    " steps; buffers: at most ",
    " more lines",
    "<svg xmlns=",
    "</title>\n<defs>\n<marker id=",
    ">\n<path d=",
    " fill: none; stroke: #5b6472; stroke-width: 1.3; marker-end: url(#head); ",
    "/>",
    "</text>\n<g transform=",
    "<path class=",
    "<rect class=",
];

/// The texts of a file of the room: pieces with a space in them, each by its longest one between what is filled in.
fn texts(source: &str) -> Vec<String> {
    let source = without_docs(source.split("#[cfg(test)]").next().unwrap_or_default());
    // What only debug builds look at, no user reads.
    let mut statements = source.split("debug_assert");
    let first = statements.next().unwrap_or_default().to_owned();
    let code = statements.fold(first, |code, rest| code + rest.split_once(";\n").map_or("", |(_, rest)| rest));
    let code = on_one_line(&code);
    let mut texts = Vec::new();
    let mut rest = code.as_str();
    while let Some(begin) = rest.find('"') {
        let (before, literal) = (rest[..begin].trim_end(), &rest[begin + 1..]);
        let end = closing(literal);
        if !INTERNAL.iter().any(|internal| before.ends_with(internal)) {
            let longest = literal[..end].split(['{', '}']).step_by(2).max_by_key(|piece| piece.len());
            texts.extend(longest.filter(|text| text.len() > 8 && text.trim().contains(' ')).map(ToOwned::to_owned));
        }
        rest = &literal[end + 1..];
    }
    texts
}

/// What stands in front of a text that no program gives: reasons of lints and of what cannot be, documentation, words of the
/// compiler.
const INTERNAL: [&str; 8] =
    [".expect(", "unreachable!(", "reason =", "stringify!(", "concat!(", "$sign,", "message =", "note ="];

/// Where a literal ends.
fn closing(literal: &str) -> usize {
    let mut escaped = false;
    let ends = |c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    };
    literal.find(ends).expect("a literal ends")
}

/// The source without its documentation, whose examples are tests of their own.
fn without_docs(source: &str) -> String {
    let is_doc = |line: &str| line.starts_with("//") || line.starts_with("#[doc");
    source.split_inclusive('\n').filter(|line| !is_doc(line.trim_start())).collect()
}

/// The source, with texts that go on in the next line joined.
fn on_one_line(source: &str) -> String {
    source.split("\\\n").map(str::trim_start).collect()
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = folder.read_dir().expect("a folder can be listed").map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false if path.extension().is_some_and(|e| e == "rs") => {
            let text = std::fs::read_to_string(&path).expect("a file");
            vec![(path, text)]
        }
        false => Vec::new(),
    };
    entries.flat_map(read).collect()
}

fn is_of_explanations(part: &OsStr) -> bool {
    part == "explain" || part == "explain.rs"
}

#[test]
fn every_text_has_a_golden_one() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let room = sources(&home.join("src/tensor"));
    let of_tests = sources(&home.join("tests/tensor"));
    let of_modules = room.iter().filter_map(|(_, source)| source.split_once("#[cfg(test)]").map(|(_, tests)| tests));
    let golden: Vec<String> =
        of_tests.iter().map(|(_, source)| source.as_str()).chain(of_modules).map(on_one_line).collect();
    let (mut found, mut missing) = (0, Vec::new());
    // Explanations are no errors: what they say is held by `execution.rs` and above.
    for (path, source) in
        room.iter().filter(|(path, _)| !path.components().any(|part| is_of_explanations(part.as_os_str())))
    {
        for text in texts(source) {
            found += 1;
            let wanted = text.replace("\\\"", "\"");
            if !BEYOND.contains(&text.as_str())
                && !golden.iter().any(|held| held.contains(&text) || held.contains(&wanted))
            {
                missing.push(format!("{}: {text}", path.file_name().unwrap_or_default().display()));
            }
        }
    }
    assert!(found > 200, "the source has been read: {found} texts");
    assert!(missing.is_empty(), "texts of tensors that no test holds:\n{}", missing.join("\n"));
}

/// What broadcasts to more than any memory is refused where it is asked for.
#[test]
fn too_much_for_any_memory() {
    let n = 1 << 32;
    let (column, row, long) = (of([n, 1]), of([1, n]), of([n]));
    golden(
        [
            panic(|| (&column * &row).sum(..)),
            error(column.try_lt(&row)),
            error(column.try_and(&row)),
            error(column.try_matmul(&row)),
            error(long.try_outer(&long)),
            error(wengert::tensor::try_einsum("i,j->ij", &[&long, &long])),
            panic(|| vmap(|x| x * &long, &long)),
            panic(|| vmap(|_| long.clone(), &long)),
        ],
        expect![[r#"
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes
            cannot make a tensor of shape [4294967296, 4294967296]: it would have more elements than any memory (HERE); give smaller sizes"#]],
    );
}
