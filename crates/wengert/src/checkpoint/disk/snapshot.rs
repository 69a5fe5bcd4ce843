//! One snapshot as a file: a header, the numbers, and the checksum of both.
//!
//! All words are of 64 bits, the lowest byte first. The header has eight: `MAGIC`, `VERSION`, run, slot, step, how many
//! numbers there are, the bytes of one, and 0. The checksum is chained: that of the header, with seed 0, is the seed for
//! the first block of numbers, that the seed for the next; the last ends the file.

use super::checksum::xxh64;
use crate::checkpoint::machine::Stored;
use std::fmt;
use std::io::{self, Read, Write};

const MAGIC: u64 = u64::from_le_bytes(*b"wengert\n");
const VERSION: u64 = 1;
const WORDS: usize = 8;
const HEADER: usize = 8 * WORDS;

/// The bytes of a block: a snapshot of any length goes through one buffer of so many.
pub(super) const BLOCK: usize = 64 * 1024;

/// What a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label {
    run: u64,
    slot: u64,
    step: u64,
    numbers: u64,
    width: u64,
}

impl Label {
    pub(super) fn of<N: Stored>(run: u64, slot: usize, step: usize, numbers: &[N]) -> Label {
        let [slot, step, numbers, width] = [slot, step, numbers.len(), N::BYTES].map(|size| size as u64);
        Label { run, slot, step, numbers, width }
    }

    /// The bytes of the file.
    pub(super) fn length(self) -> u64 {
        HEADER as u64 + self.numbers * self.width + 8
    }

    fn header(self) -> [u8; HEADER] {
        let words = [MAGIC, VERSION, self.run, self.slot, self.step, self.numbers, self.width, 0];
        let mut header = [0; HEADER];
        header.copy_from_slice(words.map(u64::to_le_bytes).as_flattened());
        header
    }

    /// The error of a file with another header than this.
    fn refuse(self, header: [u8; HEADER]) -> io::Error {
        let (words, _) = header.as_chunks::<8>();
        match [0, 1, 2, 3, 4, 5, 6, 7].map(|i: usize| u64::from_le_bytes(words[i])) {
            [MAGIC, VERSION, run, slot, step, numbers, width, 0] => {
                let found = Label { run, slot, step, numbers, width };
                altered(format_args!("its header says {found}, and {self} was written"))
            }
            _ => altered("its header is not that of a snapshot"),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Label { run, slot, step, numbers, width } = self;
        write!(f, "state {step} of slot {slot}, {numbers} numbers of {width} bytes, of run {run:016x}")
    }
}

/// Writes a snapshot, and gives its checksum.
pub(super) fn write<N: Stored>(
    to: &mut impl Write,
    label: Label,
    numbers: &[N],
    buffer: &mut Vec<u8>,
) -> io::Result<u64> {
    let header = label.header();
    to.write_all(&header)?;
    let mut checksum = xxh64(&header, 0);
    for block in numbers.chunks(per_block::<N>()) {
        let bytes = room(buffer, block.len() * N::BYTES);
        for (number, bytes) in block.iter().zip(bytes.chunks_exact_mut(N::BYTES)) {
            number.write(bytes);
        }
        checksum = xxh64(bytes, checksum);
        to.write_all(bytes)?;
    }
    to.write_all(&checksum.to_le_bytes())?;
    Ok(checksum)
}

/// Reads a snapshot that was written with this label and had this checksum. After an error the numbers mean nothing.
pub(super) fn read<N: Stored>(
    from: &mut impl Read,
    label: Label,
    written: u64,
    numbers: &mut [N],
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let mut header = [0; HEADER];
    from.read_exact(&mut header)?;
    if header != label.header() {
        return Err(label.refuse(header));
    }
    let mut checksum = xxh64(&header, 0);
    for block in numbers.chunks_mut(per_block::<N>()) {
        let bytes = room(buffer, block.len() * N::BYTES);
        from.read_exact(bytes)?;
        checksum = xxh64(bytes, checksum);
        for (number, bytes) in block.iter_mut().zip(bytes.chunks_exact(N::BYTES)) {
            *number = N::read(bytes);
        }
    }
    let mut last = [0; 8];
    from.read_exact(&mut last)?;
    agree(checksum, u64::from_le_bytes(last), written)
}

/// The checksum of what was read, that at the end of the file, and that of what was written are one.
fn agree(read: u64, last: u64, written: u64) -> io::Result<()> {
    if read == written && last == written {
        return Ok(());
    }
    Err(altered(format_args!(
        "its checksum is {read:016x}, at its end stands {last:016x}, and {written:016x} was written"
    )))
}

/// The error of a file that is not as it was written.
pub(super) fn altered(why: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

fn per_block<N: Stored>() -> usize {
    (BLOCK / N::BYTES).max(1)
}

/// The first bytes of a buffer, which grows to a block where a state needs one, and beyond only for a number that alone is
/// longer.
fn room(buffer: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if buffer.len() < bytes {
        *buffer = vec![0; bytes];
    }
    &mut buffer[..bytes]
}
