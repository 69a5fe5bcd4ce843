//! A body that borrows numbers which are gone before its steps are swept.

use wengert::checkpoint::Memory;
use wengert::{Rows, grad_with};

fn main() {
    let _ = grad_with(&[1.0], |rec, x| {
        let loads = vec![0.5; 3];
        let loads = &loads;
        rec.scan(Memory::Slots(2), x[0], Rows::new(3), move |y, _| y + loads[0])
    });
}
