//! The tiny engine of `engine.rs` beside the library, for y = x1 x2 + sin x1 at (2, 3).
//!
//! `cargo run --release --example tiny_engine`
//!
//! It is all of reverse mode, and what it lacks is what the library is about: here every operation allocates a node and
//! a closure per operand, a long chain overflows the stack, and there is one number, one order and one mode.

mod engine;

use engine::Value;
use wengert::value_and_grad;

fn main() {
    let (x1, x2) = (Value::new(2.0, vec![]), Value::new(3.0, vec![]));
    let y = x1.clone() * x2.clone() + x1.sin();
    y.backward();
    let tiny = (y.0.value, [x1.0.grad.get(), x2.0.grad.get()]);

    let library = value_and_grad(|[x1, x2]| x1 * x2 + x1.sin(), [2.0, 3.0]);

    println!("y = x1 x2 + sin x1 at (2, 3)    value and gradient");
    println!("the tiny engine                 {tiny:?}");
    println!("the library                     {library:?}");
    assert_eq!(tiny, library);
}
