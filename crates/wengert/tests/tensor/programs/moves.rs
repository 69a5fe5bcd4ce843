//! What puts the elements of one array elsewhere: as tensors do it, and by the definition.

use super::plain::Moved;
use wengert::tensor::{Axes, Pad, Pick, Tensor};

/// What is picked along an axis.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    At(isize),
    /// From a place to before another, every so many: backwards from the last where the step is negative.
    Range(usize, usize, isize),
    New,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Padding {
    Constant(f64),
    Reflect,
    Symmetric,
    Edge,
    Wrap,
}

/// A step of one operand that computes nothing.
#[derive(Clone, Debug)]
#[expect(clippy::enum_variant_names, reason = "the names are those of the methods")]
pub(super) enum Move {
    Reshape(Vec<usize>),
    Flatten,
    Permute(Vec<isize>),
    Transpose,
    SwapAxes(isize, isize),
    MoveAxis(isize, isize),
    Expand(Vec<usize>),
    Unsqueeze(isize),
    Squeeze(Vec<isize>),
    Slice(Vec<Cut>),
    Index(i64),
    Flip(Vec<isize>),
    Roll(isize, isize),
    Repeat(Vec<usize>),
    RepeatInterleave(usize, isize),
    Tril(i64),
    Triu(i64),
    Pad(Vec<(usize, usize)>, Padding),
    Split(Vec<usize>, isize, usize),
    Chunk(usize, isize, usize),
    Window { axis: isize, size: usize, step: usize, dilation: usize },
    Fold { axis: isize, len: usize, step: usize, dilation: usize },
    Diagonal(isize, isize, isize),
}

/// The axis that a number names.
pub(super) fn axis_of(axis: isize, rank: usize) -> usize {
    usize::try_from(axis).unwrap_or_else(|_| rank - axis.unsigned_abs())
}

fn named(axes: &[isize]) -> Axes {
    axes.into()
}

impl Move {
    pub(super) fn tensor(&self, x: &Tensor) -> Tensor {
        match self {
            Move::Reshape(sizes) => x.reshape(&sizes[..]),
            Move::Flatten => x.flatten(),
            Move::Permute(order) => x.permute(named(order)),
            Move::Transpose => x.transpose(),
            Move::SwapAxes(a, b) => x.swap_axes(*a, *b),
            Move::MoveAxis(a, b) => x.move_axis(*a, *b),
            Move::Expand(sizes) => x.expand(&sizes[..]),
            Move::Unsqueeze(axis) => x.unsqueeze(*axis),
            Move::Squeeze(axes) => x.squeeze(named(axes)),
            Move::Slice(cuts) => x.slice(cuts.iter().map(Cut::pick).collect::<Vec<Pick>>()),
            Move::Index(i) => x.index(*i),
            Move::Flip(axes) => x.flip(named(axes)),
            Move::Roll(shift, axis) => x.roll(*shift, *axis),
            Move::Repeat(times) => x.repeat(&times[..]),
            Move::RepeatInterleave(times, axis) => x.repeat_interleave(*times, *axis),
            Move::Tril(k) => x.tril(*k),
            Move::Triu(k) => x.triu(*k),
            Move::Pad(widths, with) => x.pad(widths, with.pad()),
            Move::Split(sizes, axis, part) => x.split(sizes, *axis)[*part].clone(),
            Move::Chunk(parts, axis, part) => x.chunk(*parts, *axis)[*part].clone(),
            Move::Window { axis, size, step, dilation: 1 } => x.window(*axis, *size, *step),
            Move::Window { axis, size, step, dilation } => x.window_dilated(*axis, *size, *step, *dilation),
            Move::Fold { axis, len, step, dilation: 1 } => x.fold(*axis, *len, *step),
            Move::Fold { axis, len, step, dilation } => x.fold_dilated(*axis, *len, *step, *dilation),
            Move::Diagonal(0, a, b) => x.diagonal(*a, *b),
            Move::Diagonal(offset, a, b) => x.diagonal_at(*offset, *a, *b),
        }
    }

    /// By the definition, of an array of these sizes.
    pub(super) fn places(&self, sizes: &[usize]) -> Moved {
        let rank = sizes.len();
        let at = |axis: isize| axis_of(axis, rank);
        match self {
            Move::Reshape(to) => same_order(sizes, to),
            Move::Flatten => same_order(sizes, &[sizes.iter().product()]),
            Move::Permute(order) => permuted(sizes, &order.iter().map(|&axis| at(axis)).collect::<Vec<_>>()),
            Move::Transpose => swapped(sizes, rank - 2, rank - 1),
            Move::SwapAxes(a, b) => swapped(sizes, at(*a), at(*b)),
            Move::MoveAxis(from, to) => {
                let mut order: Vec<usize> = (0..rank).filter(|&axis| axis != at(*from)).collect();
                order.insert(at(*to), at(*from));
                permuted(sizes, &order)
            }
            Move::Expand(to) => Moved::of(sizes, to, 0.0, |index| {
                let own = index[to.len() - rank..].iter().zip(sizes);
                Some(own.map(|(&i, &size)| if size == 1 { 0 } else { i }).collect())
            }),
            Move::Unsqueeze(axis) => {
                let mut to = sizes.to_vec();
                to.insert(axis_of(*axis, rank + 1), 1);
                same_order(sizes, &to)
            }
            Move::Squeeze(axes) => {
                let axes: Vec<usize> = axes.iter().map(|&axis| at(axis)).collect();
                let kept = (0..rank).filter(|axis| !axes.contains(axis)).map(|axis| sizes[axis]);
                same_order(sizes, &kept.collect::<Vec<_>>())
            }
            Move::Slice(cuts) => sliced(sizes, cuts),
            Move::Index(i) => sliced(sizes, &[Cut::At(*i as isize)]),
            Move::Flip(axes) => {
                let axes: Vec<usize> = axes.iter().map(|&axis| at(axis)).collect();
                Moved::of(sizes, sizes, 0.0, |index| {
                    let from = |axis| if axes.contains(&axis) { sizes[axis] - 1 - index[axis] } else { index[axis] };
                    Some((0..rank).map(from).collect())
                })
            }
            Move::Roll(shift, axis) => {
                let axis = at(*axis);
                along(
                    sizes,
                    axis,
                    sizes[axis],
                    |i| Some((i as isize - shift).rem_euclid(sizes[axis] as isize) as usize),
                )
            }
            Move::Repeat(times) => {
                let all = rank.max(times.len());
                let front = |of: &[usize]| [vec![1; all - of.len()], of.to_vec()].concat();
                let (times, own) = (front(times), front(sizes));
                let to: Vec<usize> = times.iter().zip(&own).map(|(n, size)| n * size).collect();
                Moved::of(&own, &to, 0.0, |index| Some(index.iter().zip(&own).map(|(i, size)| i % size).collect()))
            }
            Move::RepeatInterleave(times, axis) => {
                along(sizes, at(*axis), sizes[at(*axis)] * times, |i| Some(i / times))
            }
            Move::Tril(k) => triangle(sizes, |row, column| column - row <= *k),
            Move::Triu(k) => triangle(sizes, |row, column| column - row >= *k),
            Move::Pad(widths, with) => padded(sizes, widths, *with),
            Move::Split(parts, axis, part) => {
                let start: usize = parts[..*part].iter().sum();
                along(sizes, at(*axis), parts[*part], |i| Some(start + i))
            }
            Move::Chunk(parts, axis, part) => {
                let (len, axis) = (sizes[at(*axis)], at(*axis));
                let size = |part: usize| len / parts + usize::from(part < len % parts);
                let start: usize = (0..*part).map(size).sum();
                along(sizes, axis, size(*part), |i| Some(start + i))
            }
            Move::Window { axis, size, step, dilation } => {
                let axis = at(*axis);
                let mut to = sizes.to_vec();
                to[axis] = windows(sizes[axis], *size, *step, *dilation);
                to.push(*size);
                Moved::of(sizes, &to, 0.0, |index| {
                    let mut from = index[..rank].to_vec();
                    from[axis] = index[axis] * step + index[rank] * dilation;
                    Some(from)
                })
            }
            Move::Fold { axis, len, step, dilation } => {
                let axis = axis_of(*axis, rank - 1);
                let mut to = sizes[..rank - 1].to_vec();
                to[axis] = *len;
                let mut moved = Moved::of(&to, &to, 0.0, |_| None);
                for (place, index) in super::plain::indices(sizes).iter().enumerate() {
                    let mut at = index[..rank - 1].to_vec();
                    at[axis] = index[axis] * step + index[rank - 1] * dilation;
                    moved.from[super::plain::place(&to, &at)].push((0, place));
                }
                moved
            }
            Move::Diagonal(offset, a, b) => {
                let (a, b) = (at(*a), at(*b));
                let (down, right) = ((-offset).max(0) as usize, (*offset).max(0) as usize);
                let len = sizes[a].saturating_sub(down).min(sizes[b].saturating_sub(right));
                let rest: Vec<usize> = (0..rank).filter(|axis| ![a, b].contains(axis)).collect();
                let to: Vec<usize> = rest.iter().map(|&axis| sizes[axis]).chain([len]).collect();
                Moved::of(sizes, &to, 0.0, |index| {
                    let mut from = vec![0; rank];
                    rest.iter().zip(index).for_each(|(&axis, &i)| from[axis] = i);
                    (from[a], from[b]) = (index[rest.len()] + down, index[rest.len()] + right);
                    Some(from)
                })
            }
        }
    }
}

impl Cut {
    pub(super) fn pick(&self) -> Pick {
        match *self {
            Cut::At(i) => Pick::At(i),
            Cut::Range(from, to, step) => Pick::Range(Some(from as isize), Some(to as isize), step),
            Cut::New => Pick::New,
        }
    }
}

impl Padding {
    fn pad(self) -> Pad {
        match self {
            Padding::Constant(value) => Pad::Constant(value),
            Padding::Reflect => Pad::Reflect,
            Padding::Symmetric => Pad::Symmetric,
            Padding::Edge => Pad::Edge,
            Padding::Wrap => Pad::Wrap,
        }
    }

    /// The place that stands `i` places behind the first, one of `size` elements; none where it is the constant.
    fn place(self, i: isize, size: usize) -> Option<usize> {
        let n = size as isize;
        let inside = (0..n).contains(&i);
        let place = match self {
            Padding::Constant(_) => return inside.then_some(i as usize),
            Padding::Edge => i.clamp(0, n - 1),
            Padding::Wrap => i.rem_euclid(n),
            Padding::Reflect if n == 1 => 0,
            // Back and forth without the ends twice: 0 1 2 1 | 0 1 2 1.
            Padding::Reflect => (n - 1) - ((n - 1) - i.rem_euclid(2 * (n - 1))).abs(),
            // Back and forth with the ends twice: 0 1 2 2 1 0 | 0 1 2.
            Padding::Symmetric => {
                let i = i.rem_euclid(2 * n);
                if i < n { i } else { 2 * n - 1 - i }
            }
        };
        Some(place as usize)
    }
}

/// How many windows there are; at least one.
pub(super) fn windows(len: usize, size: usize, step: usize, dilation: usize) -> usize {
    (len - ((size - 1) * dilation + 1)) / step + 1
}

fn same_order(from: &[usize], to: &[usize]) -> Moved {
    let len = to.iter().product();
    assert_eq!(from.iter().product::<usize>(), len);
    Moved { sizes: to.to_vec(), from: (0..len).map(|i| vec![(0, i)]).collect(), fill: 0.0 }
}

fn permuted(sizes: &[usize], order: &[usize]) -> Moved {
    let to: Vec<usize> = order.iter().map(|&axis| sizes[axis]).collect();
    Moved::of(sizes, &to, 0.0, |index| {
        let mut from = vec![0; sizes.len()];
        order.iter().zip(index).for_each(|(&axis, &i)| from[axis] = i);
        Some(from)
    })
}

fn swapped(sizes: &[usize], a: usize, b: usize) -> Moved {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.swap(a, b);
    permuted(sizes, &order)
}

/// The places along one axis, which has `len` of them then.
fn along(sizes: &[usize], axis: usize, len: usize, from: impl Fn(usize) -> Option<usize>) -> Moved {
    let mut to = sizes.to_vec();
    to[axis] = len;
    Moved::of(sizes, &to, 0.0, |index| {
        let mut index = index.to_vec();
        index[axis] = from(index[axis])?;
        Some(index)
    })
}

fn triangle(sizes: &[usize], stands: impl Fn(i64, i64) -> bool) -> Moved {
    Moved::of(sizes, sizes, 0.0, |index| {
        let [.., row, column] = index else { panic!("there are two axes") };
        stands(*row as i64, *column as i64).then(|| index.to_vec())
    })
}

fn padded(sizes: &[usize], widths: &[(usize, usize)], with: Padding) -> Moved {
    let to: Vec<usize> = sizes.iter().zip(widths).map(|(size, (before, behind))| before + size + behind).collect();
    let fill = if let Padding::Constant(value) = with { value } else { 0.0 };
    Moved::of(sizes, &to, fill, |index| {
        let place = |axis: usize| with.place(index[axis] as isize - widths[axis].0 as isize, sizes[axis]);
        (0..sizes.len()).map(place).collect()
    })
}

/// The places that a range names, in order.
fn range(from: usize, to: usize, step: isize) -> Vec<usize> {
    let all = (from..to).step_by(step.unsigned_abs());
    if step > 0 { all.collect() } else { (from..to).rev().step_by(step.unsigned_abs()).collect() }
}

pub(super) fn sliced(sizes: &[usize], cuts: &[Cut]) -> Moved {
    // For each axis of the result the places along one of the operand; none where it is new.
    let (mut axis, mut to, mut picked) = (0, Vec::new(), Vec::new());
    let mut fixed = vec![None; sizes.len()];
    for cut in cuts {
        match *cut {
            Cut::At(i) => {
                fixed[axis] = Some(axis_of(i, sizes[axis]));
                axis += 1;
            }
            Cut::Range(from, until, step) => {
                let places = range(from, until, step);
                to.push(places.len());
                picked.push(Some((axis, places)));
                axis += 1;
            }
            Cut::New => {
                to.push(1);
                picked.push(None);
            }
        }
    }
    #[expect(clippy::needless_range_loop, reason = "axes are numbers here")]
    for rest in axis..sizes.len() {
        to.push(sizes[rest]);
        picked.push(Some((rest, (0..sizes[rest]).collect())));
    }
    Moved::of(sizes, &to, 0.0, |index| {
        let mut from: Vec<usize> = fixed.iter().map(|place| place.unwrap_or(0)).collect();
        for (&i, picked) in index.iter().zip(&picked) {
            if let Some((axis, places)) = picked {
                from[*axis] = places[i];
            }
        }
        Some(from)
    })
}
