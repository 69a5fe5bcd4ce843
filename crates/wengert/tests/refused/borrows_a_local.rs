//! A body that borrows a variable of the closure around it: it needs `move`.

use wengert::checkpoint::Memory;
use wengert::{Rows, grad_with};

fn main() {
    let _ = grad_with(&[1.0], |rec, x| {
        let factor = x[0] * 2.0;
        rec.scan(Memory::Slots(2), x[0], Rows::new(3), |y, _| y * factor)
    });
}
