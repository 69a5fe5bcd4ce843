//! The first things that must hold: values, gradients, nesting, batches, and that nothing recurses.

use wengert::tensor::{Tensor, grad, hessian, hvp, jacobian, jvp, vmap};

#[test]
fn shared_intermediates_add_up() {
    let f = |x: &Tensor| {
        let v = x.square();
        &v + v.sin()
    };
    let x = 0.7_f64;
    let slope = grad(|x| f(x), &Tensor::from(x)).item::<f64>();
    assert!((slope - (1.0 + (x * x).cos()) * 2.0 * x).abs() < 1e-15);
}

#[test]
fn perturbations_are_not_confused() {
    let inner = |x: &Tensor| {
        let x = x.clone();
        x.clone() * jvp(|y: &Tensor| &x + y, &Tensor::from(1.0), &Tensor::from(1.0)).1
    };
    assert_eq!(jvp(inner, &Tensor::from(1.0), &Tensor::from(1.0)).1.item::<f64>(), 1.0);
}

#[test]
fn values_asked_for_inside_do_not_cut_the_graph() {
    let slope = grad(
        |x| {
            let y = x.square();
            assert_eq!(y.item::<f64>(), 9.0);
            y * x
        },
        &Tensor::from(3.0),
    );
    assert_eq!(slope.item::<f64>(), 27.0);
}

#[test]
fn broadcasting_and_second_order() {
    let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    let b = Tensor::from([10.0, 20.0]);
    let (dx, db) = grad(|(x, b)| (x * b).square().sum(..), &(x.clone(), b.clone()));
    assert_eq!(dx.to_vec::<f64>(), [200.0, 1600.0, 600.0, 3200.0]);
    assert_eq!(db.to_vec::<f64>(), [200.0, 800.0]);
    let h = hvp(|b| (&x * b).square().sum(..), &b, &Tensor::from([1.0, 0.0]));
    assert_eq!(h.to_vec::<f64>(), [20.0, 0.0]);
    let h = hessian(|b| (&x * b).square().sum(..), &b);
    assert_eq!(h.to_vec::<f64>(), [20.0, 0.0, 0.0, 40.0]);
    let j = jacobian(|b| (&x * b).sum(1), &b);
    assert_eq!(j.to_vec::<f64>(), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn batches_of_batches() {
    let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    let y = vmap(|row| vmap(|x| x * x, row), &x);
    assert_eq!(y.to_vec::<f64>(), [1.0, 4.0, 9.0, 16.0]);
    let g = vmap(|row| grad(|r| r.powi(3).sum(..), row), &x);
    assert_eq!(g.to_vec::<f64>(), [3.0, 12.0, 27.0, 48.0]);
}

#[test]
fn a_long_chain_does_not_recurse() {
    let mut x = Tensor::from(1.0);
    for _ in 0..200_000 {
        x += 1.0;
    }
    drop(x.clone());
    assert_eq!(x.item::<f64>(), 200_001.0);
}
