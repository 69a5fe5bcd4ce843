//! What a thread holds of the heap, counted by the allocator of the tests.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

/// The bytes that this thread has allocated and not freed; negative where it freed those of others.
pub(crate) fn held() -> isize {
    HELD.get()
}

fn count(bytes: usize, sign: isize) {
    HELD.set(HELD.get() + sign * bytes as isize);
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
fn the_counter_counts() {
    let before = held();
    let kept = vec![0_u8; 1000];
    assert_eq!(held() - before, 1000);
    drop(kept);
    assert_eq!(held(), before);
}
