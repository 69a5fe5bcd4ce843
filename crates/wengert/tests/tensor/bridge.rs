//! Scalars and tensors together: either inside the other agrees with the pure program, at two orders.

use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::tensor::{self, ScalarOperation, Tensor, TensorOperation, call_scalar, vmap, vmap_report};
use wengert::{Function, Real, check_operation, function, trace};

const A: [[f64; 3]; 2] = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]];
const X: [f64; 3] = [0.3, -0.8, 1.1];
const V: [f64; 3] = [1.0, 0.5, -2.0];

/// tanh(A x), over numbers.
fn layer<R: Real>(x: &[R]) -> Vec<R> {
    A.iter().map(|row| x.iter().zip(row).fold(R::lit(0.0), |sum, (&x, &a)| sum + x * a).tanh()).collect()
}

/// The same over tensors.
fn layer_of_tensors(x: &Tensor) -> Tensor {
    (Tensor::from(A) * x).sum(1).tanh()
}

fn loss<R: Real>(y: &[R], x: &[R]) -> R {
    y[0] * y[1].exp() + x[2] * y[0].square()
}

fn loss_of_tensors(y: &Tensor, x: &Tensor) -> Tensor {
    let pick = |x: &Tensor, i: usize| (x * Tensor::iota(x.len()).eq_to(i as i64)).sum(..);
    pick(y, 0) * pick(y, 1).exp() + pick(x, 2) * pick(y, 0).square()
}

/// The pure program, and the one with the layer as an operation of tensors.
struct Pure;
impl Function for Pure {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        loss(&layer(x), x)
    }
}
struct Mixed(TensorOperation);
impl Function for Mixed {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        loss(&R::call(&self.0, x), x)
    }
}

fn mixed() -> Mixed {
    Mixed(TensorOperation::new([3], layer_of_tensors))
}

#[track_caller]
fn close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (x, y) in got.iter().zip(want) {
        assert!((x - y).abs() <= 1e-13 * (1.0 + y.abs()), "{got:?} instead of {want:?}");
    }
}

mod tensors_among_scalars {
    use super::*;

    #[test]
    fn every_engine_agrees_with_the_pure_program() {
        let (pure, mixed) = (Pure, mixed());
        close(&[mixed.call(&X)], &[pure.call(&X)]);
        let slope = wengert::grad(|x| pure.call(x), &X);
        close(&wengert::grad(|x| mixed.call(x), &X), &slope);
        let along = wengert::jvp(|x| pure.call(x), &X, &V).1;
        close(&[wengert::jvp(|x| mixed.call(x), &X, &V).1], &[along]);
        let list = trace(&mixed, 3);
        close(&list.run(&X), &[pure.call(&X)]);
        close(&list.gradient().run(&X), &slope);
        close(&wengert::compile(&mixed, 3).grad(&X).unwrap(), &slope);
    }

    #[test]
    fn second_order_in_every_nesting() {
        let (pure, mixed) = (Pure, mixed());
        let want = wengert::hvp(|x| pure.call(x), &X, &V);
        close(&wengert::hvp(|x| mixed.call(x), &X, &V), &want);
        close(&wengert::hvp_reverse_over_forward(|x| mixed.call(x), &X, &V), &want);
        let hessian = wengert::hessian(|x| pure.call(x), &X);
        close(wengert::hessian(|x| mixed.call(x), &X).as_slice(), hessian.as_slice());
        close(&trace(&mixed, 3).gradient().jacobian().run(&X), hessian.as_slice());
        close(&wengert::compile(&mixed, 3).hvp(&X, &V).unwrap(), &want);
    }

    #[test]
    fn the_kit_finds_it_right() {
        let report = check_operation(&mixed().0, &X);
        assert!(report.is_right(), "{report}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let says = |f: &dyn Fn()| *catch_unwind(AssertUnwindSafe(f)).unwrap_err().downcast::<String>().unwrap();
        let text = says(&|| drop(f64::call(&mixed().0, &[1.0, 2.0])));
        assert!(text.contains("a tensor of shape [3] with 2 numbers: it has 3 elements"), "{text}");
        let text = says(&|| drop(TensorOperation::new([2], |x| x.gt(0.0))));
        assert!(text.contains("its result is of type bool; cast it to f64"), "{text}");
        let grows = |x: &Tensor| if x.sum(..).item::<f64>() > 0.0 { x.clone() } else { x.sum(..) };
        let text = says(&|| drop(f64::call(&TensorOperation::new([2], grows), &[1.0, 2.0])));
        assert!(text.contains("its result has shape [2] here and [] before"), "{text}");
    }
}

mod scalars_among_tensors {
    use super::*;

    fn mixed(x: &Tensor) -> Tensor {
        loss_of_tensors(&call_scalar(&function!(layer -> Vec<R>), x), x)
    }

    fn pure(x: &Tensor) -> Tensor {
        loss_of_tensors(&layer_of_tensors(x), x)
    }

    #[test]
    fn values_and_derivatives_agree_with_the_pure_program_at_two_orders() {
        let (x, v) = (Tensor::from(X), Tensor::from(V));
        let numbers = |x: Tensor| x.to_vec::<f64>();
        close(&numbers(mixed(&x)), &[Pure.call(&X)]);
        close(&numbers(tensor::grad(mixed, &x)), &numbers(tensor::grad(pure, &x)));
        close(&numbers(tensor::grad(mixed, &x)), &wengert::grad(|x| Pure.call(x), &X));
        close(&numbers(tensor::jvp(mixed, &x, &v).1), &numbers(tensor::jvp(pure, &x, &v).1));
        close(&numbers(tensor::hvp(mixed, &x, &v)), &numbers(tensor::hvp(pure, &x, &v)));
        close(&numbers(tensor::grad(|x| tensor::jvp(mixed, x, &v).1, &x)), &numbers(tensor::hvp(pure, &x, &v)));
        close(&numbers(tensor::hessian(mixed, &x)), wengert::hessian(|x| Pure.call(x), &X).as_slice());
        close(&numbers(tensor::laplacian(mixed, &x)), &numbers(tensor::laplacian(pure, &x)));
    }

    #[test]
    fn it_is_traced_once_and_loops_in_batches() {
        let operation = ScalarOperation::new(&function!(layer -> Vec<R>), 3);
        let xs = Tensor::from([X, V]);
        let (y, loops) = vmap_report(|x| tensor::grad(|x| operation.call(x).sum(..), x), &xs);
        close(&y.to_vec::<f64>(), &vmap(|x| tensor::grad(|x| layer_of_tensors(x).sum(..), x), &xs).to_vec::<f64>());
        assert!(loops.iter().any(|own| own.operation == "scalars_vjp" && own.examples == 2), "{loops:?}");
        // Of any shape and type; the result is a vector of its type.
        let single = operation.call(&Tensor::from([[0.3_f32], [-0.8], [1.1]]));
        assert_eq!((single.shape(), single.dtype()), (&[2][..], tensor::DType::F32));
    }

    #[test]
    fn inside_each_other() {
        // Numbers in tensors in numbers.
        let outer = TensorOperation::new([3], |x| call_scalar(&function!(layer -> Vec<R>), x));
        let f = Mixed(outer);
        close(&wengert::grad(|x| f.call(x), &X), &wengert::grad(|x| Pure.call(x), &X));
        close(&wengert::hvp(|x| f.call(x), &X, &V), &wengert::hvp(|x| Pure.call(x), &X, &V));
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let call = || drop(ScalarOperation::new(&function!(layer -> Vec<R>), 3).call(&Tensor::from([1.0, 2.0])));
        let text = *catch_unwind(call).unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains("a program of 3 numbers with a tensor of shape [2]: it has 2 elements"), "{text}");
    }
}
