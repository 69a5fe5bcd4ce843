//! What a thread holds of the heap, counted by the allocator of the tests.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::thread::JoinHandle;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// The bytes that this thread has allocated and not freed; negative where it freed those of others.
pub(crate) fn held() -> isize {
    HELD.get()
}

/// The most bytes that this thread held while `f` ran, beyond those that it held before.
pub(crate) fn peak_of<O>(f: impl FnOnce() -> O) -> (O, isize) {
    let before = held();
    let outer = MOST.replace(before);
    let output = f();
    let most = MOST.replace(outer.max(MOST.get()));
    (output, most - before)
}

/// The bytes that a thread's work kept, and those that the drop of its thread-local storage gave back.
///
/// What std does in a thread before, between and after is left out: it shares memory among threads.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    kept: AtomicIsize,
    given_back: AtomicIsize,
}

impl Kept {
    /// The bytes that are lost once the thread has been joined.
    pub(crate) fn lost(&self) -> isize {
        self.kept.load(Ordering::SeqCst) - self.given_back.load(Ordering::SeqCst)
    }
}

/// Looks, when it is dropped with the thread-local storage, at what the thread holds.
struct Look {
    sign: isize,
    at: Arc<Kept>,
}

impl Drop for Look {
    fn drop(&mut self) {
        self.at.given_back.fetch_add(self.sign * held(), Ordering::SeqCst);
    }
}

// What comes first into thread-local storage is dropped last.
thread_local! {
    static LAST_LOOK: Cell<Option<Look>> = const { Cell::new(None) };
    static FIRST_LOOK: Cell<Option<Look>> = const { Cell::new(None) };
}

/// A thread that does this work, and what it kept; to be looked at when it has been joined.
///
/// The hook for panics is set before, or it would count as kept by the first thread that catches one.
pub(crate) fn watched_thread(work: impl FnOnce() + Send + 'static) -> (JoinHandle<()>, Arc<Kept>) {
    crate::panics::listen();
    let kept = Arc::new(Kept::default());
    let at = kept.clone();
    let thread = std::thread::spawn(move || {
        LAST_LOOK.set(Some(Look { sign: -1, at: at.clone() }));
        let before = held();
        work();
        at.kept.store(held() - before, Ordering::SeqCst);
        FIRST_LOOK.set(Some(Look { sign: 1, at }));
    });
    (thread, kept)
}

fn count(bytes: usize, sign: isize) {
    HELD.set(HELD.get() + sign * bytes as isize);
    MOST.set(MOST.get().max(HELD.get()));
}

// SAFETY: all calls go to the system's allocator unchanged; the counter is a plain number of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller keeps the contract of `dealloc`, and the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn a_leak_of_a_thread_is_seen() {
    thread_local!(static STORED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
    let run = |leaked: usize| {
        let (thread, kept) = watched_thread(move || {
            STORED.set(vec![0; 100]);
            std::mem::forget(vec![0_u8; leaked]);
        });
        thread.join().expect("no panic");
        kept.lost()
    };
    assert_eq!([run(0), run(7), run(0)], [0, 7, 0]);
}

#[test]
fn the_counter_counts() {
    let before = held();
    let kept = vec![0_u8; 1000];
    assert_eq!(held() - before, 1000);
    drop(kept);
    assert_eq!(held(), before);
    let ((), inner) = peak_of(|| drop((vec![0_u8; 500], vec![0_u8; 700])));
    assert_eq!((inner, peak_of(|| peak_of(|| drop(vec![0_u8; 300]))).1), (1200, 300));
}
