//! What runs the steps of a loop: an engine, a compiled program, a model.

use crate::error::Result;
use std::ops::Range;

/// A loop whose steps can be run, recorded and swept back over; its states are flat numbers `N`.
///
/// The adjoint of the state is the machine's own: a sweep takes it from behind a step to before it.
pub(crate) trait Machine {
    /// The numbers of a state.
    type Number: Stored;
    /// The record of a step.
    type Record;

    /// Runs steps without recording: the state before the first becomes that behind the last.
    fn advance(&mut self, steps: Range<usize>, state: &mut [Self::Number]) -> Result<()>;
    /// Runs a step and records it.
    fn record(&mut self, step: usize, state: &mut [Self::Number]) -> Result<Self::Record>;
    /// Sweeps back over the record of a step.
    fn reverse(&mut self, step: usize, record: Self::Record) -> Result<()>;
    /// Both at once, for a record that nobody keeps. Where the run is told that steps repeat
    /// ([`Run::of_same_steps`](super::Run::of_same_steps)) it may leave the state as it is.
    fn record_and_reverse(&mut self, step: usize, state: &mut [Self::Number]) -> Result<()> {
        let record = self.record(step, state)?;
        self.reverse(step, record)
    }
    /// Learns from the first step what the loop takes; not more than `budget` bytes meanwhile.
    fn measure(&mut self, state: &[Self::Number], budget: usize) -> Result<Sizes>;
    /// The records of later steps may take so many bytes more than that of the first, all together.
    fn keep_within(&mut self, bytes: usize);
}

/// The bytes that a loop takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Whatever the schedule: the state and the record at hand, adjoints and buffers.
    pub(crate) fixed: usize,
    /// A state that is kept.
    pub(crate) state: usize,
    /// The record of a step that is kept; the greatest number where none is to be.
    pub(crate) record: usize,
    /// The steps that were run to learn this.
    pub(crate) learning: u64,
}

/// A number that can be written to a file and read again, to the bit.
pub trait Stored: Copy {
    /// The bytes of one, at least one.
    const BYTES: usize;
    /// Its bits, folded into one number if there are more: equal for equal values.
    fn digest(self) -> u64;
    /// Writes the bytes, [`BYTES`](Self::BYTES) of them.
    fn write(self, to: &mut [u8]);
    /// The number that these are the bytes of.
    fn read(from: &[u8]) -> Self;
}

macro_rules! stored {
    ($($number:ty),*) => {$(
        impl Stored for $number {
            const BYTES: usize = size_of::<$number>();

            #[inline]
            fn digest(self) -> u64 {
                self.to_bits().into()
            }

            #[inline]
            fn write(self, to: &mut [u8]) {
                to.copy_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn read(from: &[u8]) -> Self {
                let mut bytes = [0; Self::BYTES];
                bytes.copy_from_slice(from);
                <$number>::from_le_bytes(bytes)
            }
        }
    )*};
}

stored!(f64, f32);
