//! Panics, caught without a line on the terminal: what they say, and where.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// The text of a panic and the file it was reported in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panic {
    pub(crate) text: String,
    pub(crate) file: String,
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Panic> = RefCell::default();
}

/// Lets panics be caught quietly from now on. The hook is one for all threads, and kept by the first that asks.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return usual(info);
            }
            let text = text(info.payload());
            let file = info.location().map(|at| at.file().to_owned()).unwrap_or_default();
            CAUGHT.set(Panic { text, file });
        }));
    });
}

/// Runs `f`; an error is its panic.
pub(crate) fn quietly<O>(f: impl FnOnce() -> O) -> Result<O, Panic> {
    listen();
    let before = CATCHING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    CATCHING.set(before);
    outcome.map_err(|_| CAUGHT.take())
}

/// The text of what a panic carries.
fn text(payload: &(dyn std::any::Any + Send)) -> String {
    let owned = payload.downcast_ref::<String>().cloned();
    owned.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
