//! A body that changes what it captures: it runs several times, and would count steps twice.

use wengert::checkpoint::Memory;
use wengert::{Rows, grad_with};

fn main() {
    let mut steps = 0;
    let _ = grad_with(&[1.0], |rec, x| {
        rec.scan(Memory::Slots(2), x[0], Rows::new(3), |y, _| {
            steps += 1;
            y * 2.0
        })
    });
}
