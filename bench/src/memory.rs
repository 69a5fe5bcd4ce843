//! What the sides hold in memory: an allocator that counts, and a first gradient on a thread of its own.

use crate::sides::Side;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

/// The system's allocator, counting while a side is looked at and not while it is timed.
pub struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
/// Bytes taken and not given back since counting began.
static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    if ON.load(Relaxed) {
        let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(live, Relaxed);
    }
}

// SAFETY: every call is passed on to `System` as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as for this function.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The system moves large blocks by their pages: the old and the new one are not there together.
        count(size as isize - layout.size() as isize);
        // SAFETY: as for this function.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Bytes that a side took from the heap.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// At most, from making it to the end of its first gradient.
    pub peak: isize,
    /// Still, when it waits for the next gradient.
    pub kept: isize,
}

/// Makes a side on a fresh thread, which has no buffers of earlier recordings, and takes one gradient.
pub fn of_first_gradient(side: &Side, x: &[f64]) -> Option<Memory> {
    of(|| {
        let mut way = side.make().ok()?;
        drop(way.gradient(x));
        Some(way)
    })
}

/// What a call takes on a fresh thread; what it returns is kept until that is known.
pub fn of<O>(call: impl FnOnce() -> Option<O> + Send) -> Option<Memory> {
    let measure = || {
        LIVE.store(0, Relaxed);
        PEAK.store(0, Relaxed);
        ON.store(true, Relaxed);
        let kept = call();
        let memory = Memory { peak: PEAK.load(Relaxed), kept: LIVE.load(Relaxed).max(0) };
        ON.store(false, Relaxed);
        kept.map(|_| memory)
    };
    std::thread::scope(|scope| scope.spawn(measure).join()).ok().flatten()
}
