//! Buffers that nobody reads any longer, for those that are to come in the same run.

use crate::list::Map;
use crate::tensor::array::{Array, Data, typed};
use crate::tensor::dtype::{DType, Element, sealed::Stored};
use std::sync::Arc;

/// So many of a size are kept: primitives allocate their own, and would leave ever more behind.
const KEPT: usize = 2;

/// Buffers by their types and lengths.
#[derive(Debug, Default)]
pub(super) struct Pool(Map<(u32, usize), Vec<Data>>);

impl Pool {
    /// A buffer of so many elements, whatever they are.
    pub(super) fn take<T: Element>(&mut self, len: usize) -> Vec<T> {
        let free = self.0.get_mut(&(T::DTYPE as u32, len)).and_then(Vec::pop);
        free.and_then(|mut data| owned(&mut data)).unwrap_or_else(|| vec![T::default(); len])
    }

    /// Takes the buffer of a value back, if nobody else holds it.
    pub(super) fn give(&mut self, mut value: Array) {
        let len = value.shape.len();
        let is_free = typed!(value.dtype(), T => held_alone::<T>(&mut value.data));
        if is_free && value.dtype() != DType::I64 {
            let free = self.0.entry((value.dtype() as u32, len)).or_default();
            if free.len() < KEPT {
                free.push(value.data);
            }
        }
    }
}

/// The elements, if nobody else holds them.
pub(super) fn owned<T: Element>(data: &mut Data) -> Option<Vec<T>> {
    Arc::get_mut(T::unwrap_mut(data)?).map(std::mem::take)
}

fn held_alone<T: Element + Stored>(data: &mut Data) -> bool {
    T::unwrap_mut(data).is_some_and(|elements| Arc::get_mut(elements).is_some())
}
