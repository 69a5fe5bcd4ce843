//! The recorder kept beyond the call.

use wengert::grad_with;

fn main() {
    let mut kept = None;
    let _ = grad_with(1.0, |rec, x| {
        kept = Some(rec);
        Ok(x)
    });
    println!("{kept:?}");
}
