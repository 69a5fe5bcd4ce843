//! Rows of numbers which are gone before the steps are swept.

use wengert::checkpoint::Memory;
use wengert::{Rows, grad_with};

fn main() {
    let _ = grad_with(&[1.0], |rec, x| {
        let loads = vec![0.5; 3];
        rec.scan(Memory::Slots(2), x[0], Rows::new(3).data(&loads, 1), |y, load| y + load[0])
    });
}
