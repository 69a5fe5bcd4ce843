//! The core in one page: a function written once, and what can be asked of it.
//!
//! `cargo run --release --example first_steps`

use wengert::{
    Function, Real, derivative, function, grad, hessian, hvp, jacobian, jvp, trace, value_and_grad_report, vjp,
};

/// Any function over a `Real` number can be differentiated.
fn f<R: Real>(x: &[R]) -> R {
    x[0] * x[1] + x[0].sin()
}

/// So can one with several outputs.
fn polar<R: Real>(x: &[R]) -> [R; 2] {
    [x[0] * x[1].cos(), x[0] * x[1].sin()]
}

fn main() {
    let x = [2.0, 3.0];

    println!("f(x)                 = {}", f(&x));
    println!("gradient             = {:?}", grad(f, &x));
    println!("along (0, 1)         = {}", jvp(f, &x, &[0.0, 1.0]).1);
    println!("Hessian              = {:?}", hessian(f, &x));
    println!("Hessian times (1, 0) = {:?}", hvp(f, &x, &[1.0, 0.0]));

    let (y, pullback) = vjp(polar, &x);
    println!("polar(x)             = {y:?}");
    println!("Jacobian             = {:?}", jacobian(polar, &x));
    println!("(1, 0) times it      = {:?}", pullback.call(&[1.0, 0.0]));

    // A closure captures data; the numbers of the engine have an order, so plain `if` and `while` work.
    let halvings = derivative(
        |mut x| {
            while x > 1.0 {
                x /= 2.0;
            }
            x * x
        },
        5.0,
    );
    println!("d/dx of a loop       = {halvings}");

    // Inputs come in many shapes, and gradients go back in the same one.
    let (slope, knots) = (2.0, vec![1.0, 3.0]);
    println!("by a tuple           = {:?}", grad(|(slope, knots)| slope * knots[0] * knots[1], (slope, &knots)));

    // What did it cost, and does the result depend on every input?
    let (_, _, report) = value_and_grad_report(|x| x[0].exp() * 2.0, &x);
    println!("\nreport of exp(x0) 2:\n{report}");

    // The same function as a list of elementary operations.
    println!("\nas a list:\n{}", trace(&function!(f), 2));
    assert_eq!(function!(f).call(&x), f(&x));
}
