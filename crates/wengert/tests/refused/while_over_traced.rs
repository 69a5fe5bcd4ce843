//! A loop whose number of steps hangs on the value of a number that has none.

use wengert::checkpoint::Memory;
use wengert::{Scan, Traced, Unrecorded, record};

fn main() {
    record(1, |x| Unrecorded.scan_while(Memory::All, x[0], |_| false, |y: Traced, _| y * 0.5).unwrap());
}
