//! A condition that borrows a number of the closure around it: it needs `move`.

use wengert::checkpoint::Memory;
use wengert::grad_with;

fn main() {
    let _ = grad_with(1.0, |rec, x| {
        let far = 1e-9;
        rec.scan_while(Memory::Slots(2), x, |y| y.value() > far, |y, _| y * 0.5)
    });
}
