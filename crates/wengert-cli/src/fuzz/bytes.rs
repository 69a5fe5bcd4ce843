//! Choices out of bytes: whatever they are, they mean something.

/// The bytes that are left; beyond their end all are 0.
#[derive(Debug)]
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

/// Numbers at which something happens, beside plain ones.
const NUMBERS: [f64; 24] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    -1.5,
    3.0,
    0.25,
    -7.0,
    1e-8,
    1e8,
    1e-300,
    1e300,
    -1e300,
    5e-324,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    710.0,
    -745.0,
    170.0,
    4_294_967_295.0,
];

impl Bytes<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    /// A number below `n`, which is not 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % n
    }

    /// A special number, a quarter of a small one, or any at all.
    pub(super) fn number(&mut self) -> f64 {
        match self.byte() % 4 {
            0 => NUMBERS[self.below(NUMBERS.len())],
            1 => f64::from_le_bytes(std::array::from_fn(|_| self.byte())),
            _ => f64::from(self.byte() as i8) / 4.0,
        }
    }
}
