//! What is noted on a thread while somebody asks for it.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Where notes go: nowhere, unless somebody collects them.
pub(crate) type Notes<T> = LocalKey<RefCell<Option<Vec<T>>>>;

/// Whoever collects notes on this thread, until it is dropped. What is collected around it gets nothing meanwhile.
pub(crate) struct Collecting<T: 'static> {
    notes: &'static Notes<T>,
    around: Option<Vec<T>>,
}

impl<T> Collecting<T> {
    pub(crate) fn start(notes: &'static Notes<T>) -> Collecting<T> {
        Collecting { notes, around: notes.replace(Some(Vec::new())) }
    }

    /// The notes since the start.
    pub(crate) fn finish(self) -> Vec<T> {
        self.notes.take().unwrap_or_default()
    }
}

impl<T> Drop for Collecting<T> {
    fn drop(&mut self) {
        self.notes.replace(self.around.take());
    }
}

/// Whether somebody collects.
pub(crate) fn is_wanted<T>(notes: &'static Notes<T>) -> bool {
    notes.with_borrow(Option::is_some)
}

/// Notes something.
pub(crate) fn note<T>(notes: &'static Notes<T>, new: impl IntoIterator<Item = T>) {
    notes.with_borrow_mut(|notes| {
        if let Some(notes) = notes {
            notes.extend(new);
        }
    });
}
