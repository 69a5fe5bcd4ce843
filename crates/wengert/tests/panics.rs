//! What a panic says, and where: caught without a line on the terminal.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// The text of a panic and the source line it was reported at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panic {
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Panic> = RefCell::default();
}

/// The text of what a panic carries.
fn text(payload: &(dyn Any + Send)) -> String {
    let owned = payload.downcast_ref::<String>().cloned();
    owned.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return usual(info);
            }
            let location = info.location().expect("a panic has a location");
            CAUGHT.set(Panic { text: text(info.payload()), file: location.file().to_owned(), line: location.line() });
        }));
    });
}

/// Runs `f`; an error is the text of its panic.
pub(crate) fn quietly<O>(f: impl FnOnce() -> O) -> Result<O, String> {
    listen();
    let before = CATCHING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    CATCHING.set(before);
    outcome.map_err(|payload| text(&*payload))
}

/// Runs `f`, which is to panic, and gives what it said.
#[track_caller]
pub(crate) fn panic_of<O>(f: impl FnOnce() -> O) -> Panic {
    assert!(quietly(f).is_err(), "nothing panicked");
    CAUGHT.take()
}
