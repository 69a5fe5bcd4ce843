//! A loop run by another thread than that of its recording.

use wengert::checkpoint::Memory;
use wengert::{Rows, Var, grad_with};

fn main() {
    let _ = grad_with(1.0, |rec, x| {
        std::thread::scope(|threads| {
            threads.spawn(|| rec.scan(Memory::All, Var::constant(1.0), Rows::new(3), |y, _| y * 2.0));
        });
        Ok(x)
    });
}
