//! Elements at regular places of an array, read and written.

use super::array::{Array, Data, typed};
use super::dtype::{Element, sealed::Stored};
use super::shape::Shape;
use std::sync::Arc;

/// Where the elements of a view lie in the array behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) offset: usize,
    pub(crate) strides: Vec<isize>,
}

impl View {
    /// Calls `each` with the place of each row of the last axis, in order.
    fn rows(&self, shape: &Shape, mut each: impl FnMut(usize)) {
        let Some((&len, outer)) = shape.split_last() else { return each(self.offset) };
        if len == 0 || outer.contains(&0) {
            return;
        }
        let mut index = vec![0; outer.len()];
        let mut at = self.offset as isize;
        loop {
            each(at as usize);
            let Some(axis) = (0..outer.len()).rev().find(|&axis| index[axis] + 1 < outer[axis]) else { return };
            for (index, stride) in index.iter_mut().zip(&self.strides).skip(axis + 1) {
                at -= stride * *index as isize;
                *index = 0;
            }
            index[axis] += 1;
            at += self.strides[axis];
        }
    }

    /// The length of the rows and how far their elements stand apart.
    fn row(&self, shape: &Shape) -> (usize, isize) {
        (shape.last().copied().unwrap_or(1), self.strides.last().copied().unwrap_or(1))
    }

    /// The view of an array, as an array of its own.
    pub(crate) fn read(&self, from: &Array, shape: &Shape) -> Array {
        typed!(from.dtype(), T => Array::new(self.elements::<T>(from.as_slice(), shape), shape.clone()))
    }

    fn elements<T: Element>(&self, from: &[T], shape: &Shape) -> Vec<T> {
        let mut elements = Vec::with_capacity(shape.len());
        let (len, step) = self.row(shape);
        self.rows(shape, |at| match step {
            1 => elements.extend_from_slice(&from[at..at + len]),
            0 => elements.extend(std::iter::repeat_n(from[at], len)),
            _ => elements.extend((0..len as isize).map(|i| from[(at as isize + i * step) as usize])),
        });
        elements
    }

    /// Writes an array to the places of the view in another.
    pub(crate) fn write(&self, from: &Array, to: &mut Array) {
        typed!(from.dtype(), T => self.put::<T>(from.as_slice(), elements_mut(&mut to.data), &from.shape, |_, x| x));
    }

    /// Adds an array to the places of the view in another; none where integers overflow.
    pub(crate) fn add(&self, from: &Array, to: &mut Array) -> Option<()> {
        let mut fits = true;
        match &from.data {
            Data::F32(x) => self.put(x, elements_mut(&mut to.data), &from.shape, |y, x| y + x),
            Data::F64(x) => self.put(x, elements_mut(&mut to.data), &from.shape, |y, x| y + x),
            Data::I64(x) => self.put(x, elements_mut(&mut to.data), &from.shape, |y: i64, x| {
                let (sum, overflows) = y.overflowing_add(x);
                fits &= !overflows;
                sum
            }),
            Data::Bool(_) => unreachable!("booleans are not added"),
        }
        fits.then_some(())
    }

    fn put<T: Element>(&self, from: &[T], to: &mut [T], shape: &Shape, mut with: impl FnMut(T, T) -> T) {
        let (len, step) = self.row(shape);
        let mut row = 0;
        self.rows(shape, |at| {
            for i in 0..len {
                let to = &mut to[(at as isize + i as isize * step) as usize];
                *to = with(*to, from[row + i]);
            }
            row += len;
        });
    }
}

/// The elements, to be written: copied first where somebody else holds them.
pub(crate) fn elements_mut<T: Element + Stored>(data: &mut Data) -> &mut [T] {
    let elements: &mut Arc<Vec<T>> = T::unwrap_mut(data).expect("the type of the elements is known here");
    Arc::make_mut(elements).as_mut_slice()
}
