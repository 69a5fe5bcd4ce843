//! How many threads work at a step.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

static CORES: OnceLock<usize> = OnceLock::new();
/// 0 stands for as many as there are cores.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads tensors are computed by, from sizes on where that pays: 0 stands for as many as there are cores.
/// The bits of all results are the same for any number.
///
/// ```
/// use wengert::tensor::{Tensor, set_threads};
/// set_threads(1);
/// assert_eq!(Tensor::from([1.0, 2.0]).sum(..).item::<f64>(), 3.0);
/// set_threads(0);
/// ```
pub fn set_threads(threads: usize) {
    THREADS.store(threads, Relaxed);
}

/// How many there are to work.
pub(crate) fn threads() -> usize {
    match THREADS.load(Relaxed) {
        0 => *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZero::get)),
        threads => threads,
    }
}

/// Does all pieces of a piece of work, each once, by up to so many threads.
pub(super) fn share<W: Send>(pieces: Vec<W>, threads: usize, work: impl Fn(usize, W) + Sync) {
    if threads < 2 || pieces.len() < 2 {
        return pieces.into_iter().enumerate().for_each(|(number, piece)| work(number, piece));
    }
    let threads = threads.min(pieces.len());
    let pieces: Vec<Mutex<Option<W>>> = pieces.into_iter().map(|piece| Mutex::new(Some(piece))).collect();
    let next = AtomicUsize::new(0);
    let take = || {
        loop {
            let number = next.fetch_add(1, Relaxed);
            let Some(piece) = pieces.get(number) else { return };
            let taken = piece.lock().unwrap_or_else(PoisonError::into_inner).take();
            work(number, taken.expect("each piece is taken once"));
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(take)));
        take();
    });
}
