//! Places of a space one after the other, and where they are in a view.

/// Calls `each` with where in a view a run of places along the last axis begins and how many they are, from place `start`
/// on, `count` places in all. The space has at least one axis, and no empty one.
pub(super) fn runs(
    axes: &[usize],
    strides: &[isize],
    (start, count): (usize, usize),
    mut each: impl FnMut(isize, usize),
) {
    let (Some((&inner, outer)), Some(&step)) = (axes.split_last(), strides.last()) else { return each(0, count) };
    let mut index = vec![0; outer.len()];
    let mut rest = start / inner;
    for axis in (0..outer.len()).rev() {
        index[axis] = rest % outer[axis];
        rest /= outer[axis];
    }
    let mut row: isize = index.iter().zip(strides).map(|(&i, stride)| i as isize * stride).sum();
    let (mut within, mut left) = (start % inner, count);
    while left > 0 {
        let run = (inner - within).min(left);
        each(row + within as isize * step, run);
        (within, left) = (0, left - run);
        for axis in (0..outer.len()).rev() {
            index[axis] += 1;
            row += strides[axis];
            if index[axis] < outer[axis] {
                break;
            }
            row -= strides[axis] * outer[axis] as isize;
            index[axis] = 0;
        }
    }
}
