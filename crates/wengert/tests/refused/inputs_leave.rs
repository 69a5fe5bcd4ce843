//! The inputs, as the call lends them, kept beyond it.

use wengert::grad_with;

fn main() {
    let mut kept = None;
    let _ = grad_with(&[1.0, 2.0][..], |_, x| {
        kept = Some(x);
        Ok(x[0])
    });
    println!("{kept:?}");
}
