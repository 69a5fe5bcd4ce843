//! Memory kept between recordings: fresh pages cost several times what writing to used ones does.

use super::{Record, Var};
use crate::program::Scalar;
use std::any::Any;
use std::cell::RefCell;

/// What a recording and its sweep write to.
pub(super) struct Buffers<T: Scalar> {
    pub(super) records: Vec<Record<T>>,
    pub(super) adjoints: Vec<[T; 1]>,
    pub(super) values: Vec<T>,
    pub(super) vars: Vec<Var<T>>,
    /// For each output its node and the derivative with respect to it; `None` for a constant.
    pub(super) outputs: Vec<Option<(u32, T)>>,
}

impl<T: Scalar> Default for Buffers<T> {
    fn default() -> Self {
        Buffers { records: Vec::new(), adjoints: Vec::new(), values: Vec::new(), vars: Vec::new(), outputs: Vec::new() }
    }
}

impl<T: Scalar> Buffers<T> {
    /// The bytes that the buffers hold.
    pub(super) fn held(&self) -> usize {
        let Buffers { records, adjoints, values, vars, outputs } = self;
        records.capacity() * size_of::<Record<T>>()
            + adjoints.capacity() * size_of::<[T; 1]>()
            + values.capacity() * size_of::<T>()
            + vars.capacity() * size_of::<Var<T>>()
            + outputs.capacity() * size_of::<Option<(u32, T)>>()
    }

    /// The bytes of what is in them.
    fn used(&self) -> usize {
        size_of_val(&*self.records)
            + size_of_val(&*self.adjoints)
            + size_of_val(&*self.values)
            + size_of_val(&*self.vars)
            + size_of_val(&*self.outputs)
    }
}

/// What a thread keeps spare.
pub(super) trait Kept: Default + 'static {
    /// Whether it is not worth its memory when a recording with rows has ended.
    fn outlived(&self) -> bool;
}

impl<T: Scalar> Kept for Buffers<T> {
    fn outlived(&self) -> bool {
        false // `give` has seen to it
    }
}

/// Spare buffers of one type; boxed, since they are handed around a lot.
type Spare<B> = Vec<Box<B>>;

/// Spare buffers of some type.
trait AnySpare: Any {
    fn drop_outlived(&mut self);
}

impl<B: Kept> AnySpare for Spare<B> {
    fn drop_outlived(&mut self) {
        self.retain(|kept| !kept.outlived());
    }
}

/// The spare buffers of type `B`.
fn of_type<B: Kept>(spare: &mut [Box<dyn AnySpare>]) -> Option<&mut Spare<B>> {
    spare.iter_mut().find_map(|spare| (&mut **spare as &mut dyn Any).downcast_mut())
}

/// From how many bytes on buffers are large.
pub(super) const LARGE: usize = 16 << 20;

/// The most spare buffers that a thread keeps for one type.
const MOST_SPARE: usize = 4;

thread_local! {
    /// A `Spare<B>` for each type of buffers that this thread has used.
    static SPARE: RefCell<Vec<Box<dyn AnySpare>>> = const { RefCell::new(Vec::new()) };
}

/// Buffers of an earlier recording of this thread, empty, or new ones.
pub(super) fn take<B: Kept>() -> Box<B> {
    SPARE.try_with(|spare| of_type::<B>(&mut spare.borrow_mut())?.pop()).ok().flatten().unwrap_or_default()
}

/// Keeps buffers for the next recording of this thread; large ones only while a quarter of them is used.
pub(super) fn give<T: Scalar>(mut buffers: Box<Buffers<T>>) {
    if buffers.held() > LARGE && buffers.used() < buffers.held() / 4 {
        *buffers = Buffers::default();
    }
    buffers.records.clear();
    buffers.adjoints.clear();
    buffers.values.clear();
    buffers.vars.clear();
    buffers.outputs.clear();
    keep(buffers);
}

/// Keeps buffers as they are for whoever takes such next.
pub(super) fn keep<B: Kept>(buffers: Box<B>) {
    // At the end of a thread there is nobody: the buffers are dropped.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        match of_type::<B>(&mut spare) {
            Some(kept) if kept.len() < MOST_SPARE => kept.push(buffers),
            Some(_) => {}
            None => spare.push(Box::new(vec![buffers])),
        }
    });
}

/// Drops what is not worth its memory: a recording with rows has ended.
pub(super) fn drop_outlived() {
    let _ = SPARE.try_with(|spare| spare.borrow_mut().iter_mut().for_each(|spare| spare.drop_outlived()));
}

/// Lends the scratch of an earlier sweep of this thread.
pub(crate) fn with_scratch<T: Scalar, O>(f: impl FnOnce(&mut Vec<[T; 1]>) -> O) -> O {
    let mut buffers = take::<Buffers<T>>();
    let output = f(&mut buffers.adjoints);
    give(buffers);
    output
}
