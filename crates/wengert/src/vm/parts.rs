//! Inputs and outputs in parts, each a slice of its own.

use std::ops::Range;

/// Numbers that come in parts, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parts {
    /// Where each part ends.
    ends: Vec<usize>,
}

impl Parts {
    /// Parts of these lengths.
    pub(super) fn of(lens: &[usize]) -> Parts {
        let end = |end: &mut usize, len: &usize| {
            *end += len;
            Some(*end)
        };
        Parts { ends: lens.iter().scan(0, end).collect() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// How many numbers all parts have.
    pub(super) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether slices of these lengths are the parts.
    pub(super) fn are(&self, lens: impl Iterator<Item = usize>) -> bool {
        (0..self.count()).map(|part| self.range(part).len()).eq(lens)
    }

    /// The numbers of a part.
    pub(super) fn range(&self, part: usize) -> Range<usize> {
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        start..self.ends[part]
    }

    /// The part that a number is in.
    pub(super) fn part(&self, number: usize) -> usize {
        self.ends.partition_point(|&end| end <= number)
    }

    /// The part that all of these numbers, at least one, are in, if one has them all.
    pub(super) fn part_of(&self, numbers: &Range<usize>) -> Option<usize> {
        let part = self.part(numbers.start);
        (numbers.end <= *self.ends.get(part)?).then_some(part)
    }
}

/// Up to how many starts take no memory of their own.
const FEW: usize = 16;

/// Where parts start.
#[derive(Debug)]
pub(super) struct Starts<P> {
    few: [P; FEW],
    many: Vec<P>,
    len: usize,
}

impl<P: Copy> Starts<P> {
    /// These; `none` is what stands behind them.
    pub(super) fn of(none: P, all: impl Iterator<Item = P>) -> Self {
        let mut starts = Starts { few: [none; FEW], many: Vec::new(), len: 0 };
        for start in all {
            match starts.few.get_mut(starts.len) {
                Some(place) => *place = start,
                None => {
                    if starts.many.is_empty() {
                        starts.many.extend(starts.few);
                    }
                    starts.many.push(start);
                }
            }
            starts.len += 1;
        }
        starts
    }

    #[inline(always)]
    pub(super) fn all(&self) -> &[P] {
        if self.len <= FEW { &self.few[..self.len] } else { &self.many }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_part() {
        let parts = Parts::of(&[2, 0, 3]);
        assert_eq!((parts.len(), parts.range(1), parts.range(2)), (5, 2..2, 2..5));
        assert_eq!([0, 1, 2, 4].map(|number| parts.part(number)), [0, 0, 2, 2]);
        assert_eq!([0..2, 1..3, 2..5].map(|numbers| parts.part_of(&numbers)), [Some(0), None, Some(2)]);
        assert!(parts.are([2, 0, 3].into_iter()) && !parts.are([2, 3].into_iter()));
    }

    #[test]
    fn starts_are_all_there() {
        for len in [0, 1, FEW, FEW + 1, 40] {
            assert_eq!(Starts::of(0, 1..=len).all(), (1..=len).collect::<Vec<_>>());
        }
    }
}
