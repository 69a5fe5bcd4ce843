//! Derivatives of graphs: values, nesting, batches, what is refused, and that nothing is dropped in silence.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use wengert::tensor::{
    DType, JointOperation, Operation, Shape, Tensor, Tensors, adjoints, grad, hessian, hvp, jacobian, jvp, laplacian,
    value_and_grad, value_and_grad_checked, value_and_grad_report, vjp, vmap, vmap_report,
};
use wengert::{Result, tensors};

/// What a panic says.
#[track_caller]
fn refusal<T>(f: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(std::panic::AssertUnwindSafe(f)).err().expect("it is to be refused");
    payload.downcast_ref::<String>().cloned().unwrap_or_else(|| payload.downcast_ref::<&str>().unwrap().to_string())
}

#[track_caller]
fn close(got: &Tensor, want: &[f64]) {
    let got = got.to_vec::<f64>();
    assert_eq!(got.len(), want.len(), "{got:?} instead of {want:?}");
    for (got_one, want_one) in got.iter().zip(want) {
        assert!((got_one - want_one).abs() <= 1e-13 * (1.0 + want_one.abs()), "{got:?} instead of {want:?}");
    }
}

struct Layer {
    weight: Tensor,
    bias: Tensor,
    width: usize,
}
tensors!(Layer { weight, bias; width });

struct Model {
    layers: Vec<Layer>,
    scale: Tensor,
}
tensors!(Model { layers, scale });

fn model() -> Model {
    let layer = |first: f64| Layer {
        weight: Tensor::from([[first, 0.5], [-1.0, 2.0]]),
        bias: Tensor::from([0.25, -0.5]),
        width: 2,
    };
    Model { layers: vec![layer(1.0), layer(3.0)], scale: Tensor::from(2.0) }
}

impl Model {
    fn of(&self, x: &Tensor) -> Tensor {
        let mut h = x.clone();
        for layer in &self.layers {
            assert_eq!(layer.width, 2);
            h = ((&layer.weight * &h).sum(1) + &layer.bias).tanh();
        }
        (h * &self.scale).sum(..)
    }
}

mod structures {
    use super::*;

    #[test]
    fn models_of_any_structure_have_gradients_of_their_structure() {
        let (model, x) = (model(), Tensor::from([0.5, -0.25]));
        let slopes = grad(|m| m.of(&x), &model);
        let at = |i: usize, step: f64| {
            let mut count = 0;
            let moved = model.replace(&mut |leaf| {
                let mut numbers = leaf.to_vec::<f64>();
                for number in &mut numbers {
                    *number += if count == i { step } else { 0.0 };
                    count += 1;
                }
                Tensor::new(numbers, leaf.shape())
            });
            moved.of(&x).item::<f64>()
        };
        let (mut i, mut paths) = (0, Vec::new());
        slopes.each("", &mut |path, slope| {
            paths.push(path.to_owned());
            for slope in slope.to_vec::<f64>() {
                let difference = (at(i, 1e-6) - at(i, -1e-6)) / 2e-6;
                assert!((slope - difference).abs() < 1e-8, "{path}: {slope} against {difference}");
                i += 1;
            }
        });
        assert_eq!(paths, ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "scale"]);
        assert_eq!(i, 13);
    }

    #[test]
    fn one_tensor_in_two_places_is_two_inputs() {
        let x = Tensor::from(3.0);
        let (a, b) = grad(|(a, b): &(Tensor, Tensor)| a.square() * b, &(x.clone(), x));
        assert_eq!((a.item::<f64>(), b.item::<f64>()), (18.0, 9.0));
    }

    #[test]
    fn wide_structures_are_linear_work() {
        let many: Vec<Tensor> = (0..20_000).map(|i| Tensor::from(f64::from(i))).collect();
        let slopes = grad(|x: &Vec<Tensor>| x.iter().cloned().map(|x| x * 2.0).sum(), &many);
        assert!(slopes.iter().all(|slope| slope.item::<f64>() == 2.0));
    }

    #[test]
    fn a_fan_out_of_a_hundred_thousand() {
        let slope = grad(|x| (0..100_000).map(|_| x.clone()).sum(), &Tensor::from(1.0));
        assert_eq!(slope.item::<f64>(), 100_000.0);
    }
}

mod values {
    use super::*;

    /// x1^2 x2 + sin x2, with its derivatives.
    fn f(x: &Tensor) -> Tensor {
        let powers = x.square() * Tensor::from([1.0, 0.0]);
        powers.sum(..) * (x * Tensor::from([0.0, 1.0])).sum(..) + (x.sin() * Tensor::from([0.0, 1.0])).sum(..)
    }

    #[test]
    fn every_driver_gives_the_closed_form() {
        let (a, b) = (1.5_f64, -0.75_f64);
        let x = Tensor::from([a, b]);
        let slope = [2.0 * a * b, a * a + b.cos()];
        let curve = [2.0 * b, 2.0 * a, 2.0 * a, -b.sin()];
        let (y, g) = value_and_grad(f, &x);
        close(&y, &[a * a * b + b.sin()]);
        close(&g, &slope);
        close(&grad(f, &x), &slope);
        let v = Tensor::from([2.0, -1.0]);
        close(&jvp(f, &x, &v).1, &[2.0 * slope[0] - slope[1]]);
        close(&vjp(f, &x).1.call(&Tensor::from(3.0)), &[3.0 * slope[0], 3.0 * slope[1]]);
        close(&hvp(f, &x, &v), &[2.0 * curve[0] - curve[1], 2.0 * curve[2] - curve[3]]);
        close(&hessian(f, &x), &curve);
        close(&laplacian(f, &x), &[curve[0] + curve[3]]);
        close(&jacobian(|x| grad(f, x), &x), &curve);
    }

    #[test]
    fn a_pullback_is_called_again_and_again() {
        let (y, pullback) = vjp(|x| (x.exp(), x.square()), &Tensor::from([0.0, 1.0]));
        assert_eq!(y.1.to_vec::<f64>(), [0.0, 1.0]);
        let (zero, one) = (Tensor::from([0.0, 0.0]), Tensor::from([1.0, 1.0]));
        close(&pullback.call(&(one.clone(), zero.clone())), &[1.0, 1f64.exp()]);
        close(&pullback.call(&(zero, one)), &[0.0, 2.0]);
    }

    #[test]
    fn adjoints_have_the_type_of_what_they_belong_to() {
        let (x, w) = (Tensor::from([1.5_f32, 2.0]), Tensor::from([3.0_f64, 4.0]));
        let (dx, dw) = grad(|(x, w): &(Tensor, Tensor)| (x * w).sum(..), &(x.clone(), w.clone()));
        assert_eq!((dx.dtype(), dw.dtype()), (DType::F32, DType::F64));
        assert_eq!((dx.to_vec::<f32>(), dw.to_vec::<f64>()), (vec![3.0, 4.0], vec![1.5, 2.0]));
        let (y, ydot) = jvp(|x| x.cast(DType::F64) * &w, &x, &Tensor::from([1.0_f64, 1.0]));
        assert_eq!((y.dtype(), ydot.dtype()), (DType::F64, DType::F64));
        assert_eq!(ydot.to_vec::<f64>(), [3.0, 4.0]);
    }

    #[test]
    fn jacobians_of_structures() {
        let (a, b) = (Tensor::from([1.0, 2.0]), Tensor::from([[3.0], [4.0]]));
        let f = |(a, b): &(Tensor, Tensor)| a * b;
        let (da, db) = jacobian(f, &(a.clone(), b.clone()));
        assert_eq!((da.shape(), db.shape()), (&[2, 2, 2][..], &[2, 2, 2, 1][..]));
        assert_eq!(da.to_vec::<f64>(), [3.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0, 4.0]);
        assert_eq!(db.to_vec::<f64>(), [1.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 2.0]);
        // By rows, with fewer results than inputs.
        let (da, db) = jacobian(|ab| f(ab).sum(..), &(a, b));
        assert_eq!((da.to_vec::<f64>(), db.to_vec::<f64>()), (vec![7.0, 7.0], vec![3.0, 3.0]));
        assert_eq!((da.shape(), db.shape()), (&[2][..], &[2, 1][..]));
    }

    #[test]
    fn of_nothing() {
        let none = Tensor::zeros([0], DType::F64);
        assert_eq!(grad(|x| x.sum(..), &none).shape(), [0]);
        assert_eq!(jacobian(|x| x.square(), &none).shape(), [0, 0]);
        assert_eq!(vmap(|x| x.square(), &Tensor::zeros([0, 3], DType::F64)).shape(), [0, 3]);
        assert_eq!(laplacian(|x| x.square().sum(..), &none).item::<f64>(), 0.0);
    }

    #[test]
    fn what_is_stopped_is_a_constant() {
        let slope = grad(|x| (x * x.stop_gradient()).sum(..), &Tensor::from([2.0, 3.0]));
        assert_eq!(slope.to_vec::<f64>(), [2.0, 3.0]);
        let (_, ydot) = jvp(|x| x * x.stop_gradient(), &Tensor::from(2.0), &Tensor::from(1.0));
        assert_eq!(ydot.item::<f64>(), 2.0);
        let second = grad(|x| grad(|x| x.powi(3).stop_gradient() * x, x), &Tensor::from(2.0));
        assert_eq!(second.item::<f64>(), 0.0);
    }
}

mod nesting {
    use super::*;

    fn cube(x: &Tensor) -> Tensor {
        x.powi(3).sum(..)
    }

    #[test]
    fn reverse_and_forward_in_any_order() {
        let (x, v) = (Tensor::from([1.0, 2.0]), Tensor::from([3.0, -1.0]));
        let want = [18.0, -12.0];
        close(&hvp(cube, &x, &v), &want);
        close(&grad(|x| jvp(cube, x, &v).1, &x), &want);
        close(&grad(|x| (grad(cube, x) * &v).sum(..), &x), &want);
        close(&jvp(|x| vjp(cube, x).1.call(&Tensor::from(1.0)), &x, &v).1, &want);
        close(&vjp(|x| jvp(cube, x, &v).1, &x).1.call(&Tensor::from(1.0)), &want);
        let third = grad(|x| (hvp(cube, x, &v) * &v).sum(..), &x);
        close(&third, &[54.0, 6.0]);
    }

    #[test]
    fn a_pullback_may_be_called_inside_another_derivative() {
        let x = Tensor::from([1.0, 2.0]);
        let (_, pullback) = vjp(|x| x.square(), &x);
        let slope = grad(|w| (pullback.call(w) * w).sum(..), &Tensor::from([1.0, 3.0]));
        close(&slope, &[4.0, 24.0]);
    }

    #[test]
    fn batches_and_gradients_in_any_order() {
        let (w, xs) = (Tensor::from([1.0, -2.0]), Tensor::from([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]));
        let loss = |w: &Tensor, x: &Tensor| (w * x).sum(..).sin();
        let slope = |x: &[f64]| {
            let c = (x[0] - 2.0 * x[1]).cos();
            [c * x[0], c * x[1]]
        };
        let per_sample: Vec<[f64; 2]> = xs.to_vec::<f64>().chunks(2).map(slope).collect();
        let got = vmap(|x| grad(|w| loss(w, x), &w), &xs);
        close(&got, per_sample.as_flattened());
        let whole = grad(|w| vmap(|x| loss(w, x), &xs).sum(..), &w);
        let sums = [0, 1].map(|i| per_sample.iter().map(|slope| slope[i]).sum());
        close(&whole, &sums);
        // The norms of the gradients of the examples, differentiated once more, and by differences.
        let norms = |w: &Tensor| vmap(|x| grad(|w| loss(w, x), w).square().sum(..), &xs).sum(..);
        let got = grad(norms, &w).to_vec::<f64>();
        let at = |i: usize, step: f64| {
            let mut moved = w.to_vec::<f64>();
            moved[i] += step;
            norms(&Tensor::from(moved)).item::<f64>()
        };
        for i in 0..2 {
            let difference = (at(i, 1e-6) - at(i, -1e-6)) / 2e-6;
            assert!((got[i] - difference).abs() < 1e-8, "{got:?}: {difference}");
        }
        // vmap of grad of vmap.
        let scales = Tensor::from([1.0, 0.5]);
        let got = vmap(|s| grad(|w| vmap(|x| loss(&(w * s), x), &xs).sum(..), &w), &scales);
        close(&got.sum(1), &[vmap_free(&w, &xs, 1.0), vmap_free(&w, &xs, 0.5)]);
    }

    /// The sum of the gradient of the sum over the examples, by a loop in plain numbers.
    fn vmap_free(w: &Tensor, xs: &Tensor, s: f64) -> f64 {
        let w = w.to_vec::<f64>();
        xs.to_vec::<f64>().chunks(2).map(|x| (s * (w[0] * x[0] + w[1] * x[1])).cos() * s * (x[0] + x[1])).sum()
    }

    #[test]
    fn hessians_of_functions_that_map() {
        let xs = Tensor::from([[1.0, 2.0], [3.0, -1.0]]);
        let f = |w: &Tensor| vmap(|x| (w * x).sum(..).square(), &xs).sum(..);
        // 2 sum_i x_i x_i^T
        close(&hessian(f, &Tensor::from([0.3, 0.7])), &[20.0, -2.0, -2.0, 10.0]);
        close(&laplacian(f, &Tensor::from([0.3, 0.7])), &[30.0]);
        close(&vmap(|x| hessian(|x| x.powi(4).sum(..), x), &xs), &[12.0, 0.0, 0.0, 48.0, 108.0, 0.0, 0.0, 12.0]);
    }

    #[test]
    fn perturbations_are_not_confused() {
        // d/dx [x d/dy (x + y)] is 1, in every mix of modes.
        let one = Tensor::from(1.0);
        let forward = |x: &Tensor| x * jvp(|y| x + y, &one, &one).1;
        let reverse = |x: &Tensor| x * grad(|y| x + y, &one);
        assert_eq!(grad(forward, &one).item::<f64>(), 1.0);
        assert_eq!(grad(reverse, &one).item::<f64>(), 1.0);
        assert_eq!(jvp(forward, &one, &one).1.item::<f64>(), 1.0);
        assert_eq!(jvp(reverse, &one, &one).1.item::<f64>(), 1.0);
    }

    #[test]
    fn values_asked_for_inside_cut_nothing() {
        let second = grad(
            |x| {
                grad(
                    |x| {
                        let y = x.powi(3);
                        assert_eq!(y.item::<f64>(), 8.0);
                        let z = y.eval() * x;
                        assert_eq!(z.item::<f64>(), 16.0);
                        z
                    },
                    x,
                )
                .eval()
            },
            &Tensor::from(2.0),
        );
        assert_eq!(second.item::<f64>(), 48.0);
    }

    #[test]
    fn what_leaks_out_of_a_gradient_is_a_constant_in_another() {
        let mut leaked = None;
        grad(
            |x| {
                let y = x.square();
                leaked = Some(y.clone());
                y
            },
            &Tensor::from(3.0),
        );
        let leaked = leaked.unwrap();
        let slope = grad(|x| x * &leaked, &Tensor::from(5.0));
        assert_eq!(slope.item::<f64>(), 9.0);
        // Out of an inner one, it still depends on the outer one.
        let slope = grad(
            |x| {
                let mut inner = None;
                let dx = grad(
                    |x| {
                        inner = Some(x.square());
                        x.exp()
                    },
                    x,
                );
                inner.unwrap() + dx.stop_gradient()
            },
            &Tensor::from(3.0),
        );
        assert_eq!(slope.item::<f64>(), 6.0);
    }

    #[test]
    fn a_panic_inside_leaves_nothing_behind() {
        let x = Tensor::from(2.0);
        let _ = refusal(|| grad(|x| -> Tensor { panic!("{}", x.rank()) }, &x));
        let _ = refusal(|| vmap(|x: &Tensor| -> Tensor { panic!("{}", x.rank()) }, &Tensor::from([1.0])));
        let _ = refusal(|| adjoints(|x| -> Tensor { panic!("{}", x.tag("x").rank()) }, &x));
        assert_eq!(grad(|x| x.square(), &x).item::<f64>(), 4.0);
        assert_eq!(vmap(|x| x.square(), &Tensor::from([2.0])).to_vec::<f64>(), [4.0]);
        assert_eq!(adjoints(|x| x.square().tag("y"), &x).nodes.len(), 2);
    }

    #[test]
    fn gradients_on_many_threads_are_apart() {
        let shared = Tensor::from([1.0, 2.0]).square();
        std::thread::scope(|scope| {
            for k in 0..4 {
                let shared = &shared;
                scope.spawn(move || {
                    for _ in 0..50 {
                        let slope = grad(|x| (x * shared).sum(..) * f64::from(k), &Tensor::from([1.0, 1.0]));
                        close(&slope, &[f64::from(k), 4.0 * f64::from(k)]);
                    }
                });
            }
        });
    }
}

mod batches {
    use super::*;

    #[test]
    fn of_tuples_and_vecs() {
        let (a, b) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([10.0, 100.0]));
        let (sums, parts) = vmap(
            |(a, b): &(Tensor, Tensor)| ((a * b).sum(..), vec![a.clone(), Tensor::from(7.0)]),
            &(a.clone(), b.clone()),
        );
        assert_eq!(sums.to_vec::<f64>(), [30.0, 700.0]);
        assert_eq!(parts[0].to_vec::<f64>(), a.to_vec::<f64>());
        assert_eq!(parts[1].to_vec::<f64>(), [7.0, 7.0]);
        let y = vmap(|x: &Vec<Tensor>| &x[0] + &x[1], &vec![b.clone(), b]);
        assert_eq!(y.to_vec::<f64>(), [20.0, 200.0]);
    }

    #[test]
    fn of_models_each_with_weights_of_its_own() {
        let (one, x) = (model(), Tensor::from([0.5, -0.25]));
        let stacked = one.replace(&mut |leaf| {
            let shape: Vec<usize> = std::iter::once(2).chain(leaf.shape().iter().copied()).collect();
            Tensor::new(leaf.to_vec::<f64>().repeat(2), shape)
        });
        let y = one.of(&x).item::<f64>();
        close(&vmap(|m| m.of(&x), &stacked), &[y, y]);
    }

    #[test]
    fn sizes_that_differ_and_scalars_are_refused() {
        let text = refusal(|| vmap(|(a, b)| a + b, &(Tensor::from([1.0, 2.0]), Tensor::from([1.0]))));
        assert!(text.contains("2 and 1 examples (number 1 of the inputs): axis 0 differs"), "{text}");
        let text = refusal(|| vmap(|x| x.clone(), &Tensor::from(1.0)));
        assert!(text.contains("cannot map over a scalar"), "{text}");
        let text = refusal(|| vmap(|()| Tensor::from(1.0), &()));
        assert!(text.contains("cannot map over no tensors"), "{text}");
    }

    #[test]
    fn along_another_axis() {
        let x = Tensor::from([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]);
        let y = vmap(|column| column.cumsum(0), &x.move_axis(1, 0)).move_axis(0, 1);
        assert_eq!(y.to_vec::<f64>(), [1.0, 2.0, 3.0, 11.0, 22.0, 33.0]);
        assert_eq!(y.shape(), [2, 3]);
    }

    #[test]
    fn each_example_draws_from_a_stream_of_its_own() {
        let draw = |n: usize| vmap(|x| x + Tensor::uniform(7, [2], DType::F64), &Tensor::zeros([n], DType::F64));
        let five = draw(5).to_vec::<f64>();
        assert_eq!(draw(5).to_vec::<f64>(), five, "reproducible");
        assert_eq!(draw(3).to_vec::<f64>(), five[..6], "the same for a batch that begins alike");
        let mut sorted = five.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        assert_eq!(sorted.len(), 10, "no two examples share their numbers");
        // A batch of batches, and what does not depend on the example at all.
        let pairs = vmap(|x| vmap(|x| x + Tensor::uniform(7, (), DType::F64), x), &Tensor::zeros([3, 4], DType::F64));
        let mut pairs = pairs.to_vec::<f64>();
        pairs.sort_by(f64::total_cmp);
        pairs.dedup();
        assert_eq!(pairs.len(), 12);
        let alone = vmap(|_| Tensor::uniform(7, [2], DType::F64), &Tensor::zeros([5], DType::F64));
        assert_eq!(alone.to_vec::<f64>(), five);
    }

    #[test]
    fn derivatives_draw_once_for_all_directions() {
        // Dropout: the mask of the function is that of its gradient, of every row of its Jacobian, of every direction.
        let keep = |x: &Tensor| x * Tensor::bernoulli(3, 0.5, [8]).cast(DType::F64);
        let x = Tensor::ones([8], DType::F64);
        let mask = keep(&x).to_vec::<f64>();
        assert_eq!(grad(|x| keep(x).sum(..), &x).to_vec::<f64>(), mask);
        let j = jacobian(keep, &x).to_vec::<f64>();
        for (i, row) in j.chunks(8).enumerate() {
            assert!(row.iter().enumerate().all(|(k, &d)| d == if i == k { mask[i] } else { 0.0 }), "{j:?}");
        }
        let kept: f64 = mask.iter().sum();
        assert_eq!(laplacian(|x| keep(x).square().sum(..), &x).item::<f64>(), 2.0 * kept);
        let h = hessian(|x| keep(x).square().sum(..), &x);
        assert_eq!(h.trace().item::<f64>(), 2.0 * kept);
        // In a batch each example has a mask of its own, which its gradient has too.
        let xs = Tensor::ones([4, 8], DType::F64);
        let (y, g) = vmap(|x| value_and_grad(|x| keep(x).sum(..), x), &xs);
        assert_eq!(g.sum(1).to_vec::<f64>(), y.to_vec::<f64>());
        let rows = g.to_vec::<f64>();
        assert!(rows.chunks(8).skip(1).any(|row| row != &rows[..8]));
    }

    #[test]
    fn an_example_has_no_value() {
        let text = refusal(|| vmap(|x| if x.item::<f64>() > 0.0 { x.clone() } else { -x }, &Tensor::from([1.0, -1.0])));
        assert!(
            text.contains("inside `vmap`: it differs from example to example, and cannot steer the program"),
            "{text}"
        );
        assert!(text.contains("write it with `select`"), "{text}");
        let text =
            refusal(|| vmap(|x| Tensor::zeros([x.item::<f64>() as usize], DType::F64), &Tensor::from([1.0, 2.0])));
        assert!(text.contains("differs from example to example"), "a shape that depends on data: {text}");
        let selected = vmap(|x| x.gt(0.0).select(x, -x), &Tensor::from([1.0, -1.0]));
        assert_eq!(selected.to_vec::<f64>(), [1.0, 1.0]);
    }
}

mod no_silent_zero {
    use super::*;

    #[derive(Clone)]
    struct Opaque;
    impl Operation for Opaque {
        fn name(&self) -> &'static str {
            "opaque"
        }
        fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
            (x[0].shape().into(), x[0].dtype())
        }
        fn value(&self, x: &[Tensor]) -> Result<Tensor> {
            Ok(x[0].square())
        }
    }

    #[test]
    fn an_operation_without_a_derivative_is_named() {
        let x = Tensor::from([1.0, 2.0]);
        assert_eq!(Tensor::call(Opaque, &[&x]).to_vec::<f64>(), [1.0, 4.0]);
        let text = refusal(|| grad(|x| Tensor::call(Opaque, &[x]).sum(..), &x));
        assert!(text.starts_with("cannot differentiate the operation `opaque`: it has no pullback"), "{text}");
        assert!(text.contains("derive.rs:") && text.contains("give it `Operation::pullback`"), "{text}");
        let text = refusal(|| jvp(|x| Tensor::call(Opaque, &[x]), &x, &x));
        assert!(text.starts_with("cannot differentiate the operation `opaque` forward: it has no JVP"), "{text}");
        // Where no derivative is asked of it, it is fine.
        let slope = grad(|w| (w * Tensor::call(Opaque, &[&x])).sum(..), &x);
        assert_eq!(slope.to_vec::<f64>(), [1.0, 4.0]);
        let slope = grad(|w| (Tensor::call(Opaque, &[&w.stop_gradient()]) * w).sum(..), &x);
        assert_eq!(slope.to_vec::<f64>(), [1.0, 4.0]);
    }

    #[test]
    fn inputs_and_results_that_are_no_real_numbers_are_refused() {
        let steps = (Tensor::from(1.0), vec![Tensor::from(1_i64)]);
        let text = refusal(|| grad(|(x, _)| x.clone(), &steps));
        assert!(text.starts_with("cannot differentiate with respect to `1.0`, a tensor of type i64"), "{text}");
        let text = refusal(|| grad(|x| x.gt(0.0), &Tensor::from(1.0)));
        assert!(text.contains("a result of shape [] and type bool: it is of one real number"), "{text}");
        let text = refusal(|| grad(|x| x.clone(), &Tensor::from([1.0, 2.0])));
        assert!(
            text.contains("a result of shape [2] and type f64") && text.contains("use `jacobian` or `vjp`"),
            "{text}"
        );
        let text = refusal(|| jacobian(|x| x.gt(0.0), &Tensor::from([1.0])));
        assert!(text.contains("the Jacobian of a result of type bool"), "{text}");
        let text = refusal(|| jvp(|x| x.clone(), &Tensor::from([1.0]), &Tensor::from([1.0, 2.0])));
        assert!(text.contains("along directions of shapes [[2]]: those of the input are [[1]]"), "{text}");
        let (_, pullback) = vjp(|x| x.clone(), &Tensor::from([1.0]));
        let text = refusal(|| pullback.call(&Tensor::from(1.0)));
        assert!(text.contains("pull back adjoints of shapes [[]]: those of the value are [[1]]"), "{text}");
    }

    #[test]
    fn what_is_flat_has_no_derivative_and_is_listed() {
        let x = (Tensor::from([0.5, 1.5]), Tensor::from([1.0, 2.0]));
        type Two = (Tensor, Tensor);
        type Flat = (&'static str, fn(&Two) -> Tensor);
        let flat: [Flat; 6] = [
            ("floor", |(x, w)| (x.floor() * w).sum(..)),
            ("comparison", |(x, w)| (x.gt(1.0).cast(DType::F64) * w).sum(..)),
            ("selection by it", |(x, w)| x.gt(1.0).select(w, 0.0).sum(..)),
            ("integers", |(x, w)| (x.cast(DType::I64).cast(DType::F64) * w).sum(..)),
            ("an index", |(x, w)| w.take(&x.argmax(0).unsqueeze(0), 0).sum(..)),
            ("an order", |(x, w)| w.take_along(&x.argsort(0), 0).square().sum(..)),
        ];
        for (what, f) in flat {
            let (_, slopes, report) = value_and_grad_report(f, &x);
            assert_eq!(slopes.0.to_vec::<f64>(), [0.0, 0.0], "{what}");
            assert_ne!(slopes.1.to_vec::<f64>(), [0.0, 0.0], "{what}");
            assert_eq!(report.unused_inputs, ["0"], "{what}");
            let text = value_and_grad_checked(f, &x).unwrap_err().to_string();
            assert!(
                text.starts_with("cannot vouch for the gradient: no derivative reaches `0`; leave"),
                "{what}: {text}"
            );
        }
    }

    #[test]
    fn what_the_loss_does_not_use_is_named_by_its_path() {
        let (model, x) = (model(), Tensor::from([0.5, -0.25]));
        let part = |m: &Model| ((&m.layers[1].weight * &x).sum(1) + &m.layers[1].bias).sum(..) * &m.scale;
        let (_, slopes, report) = value_and_grad_report(part, &model);
        assert_eq!(report.unused_inputs, ["layers.0.weight", "layers.0.bias"]);
        assert_eq!(slopes.layers[0].weight.to_vec::<f64>(), [0.0; 4]);
        let text = value_and_grad_checked(part, &model).err().unwrap().to_string();
        assert!(text.contains("no derivative reaches `layers.0.weight`, `layers.0.bias`;"), "{text}");
        assert!(value_and_grad_checked(|m| m.of(&x), &model).is_ok());
        // Passed on but with a true zero: that is a derivative.
        let (_, slope) = value_and_grad_checked(|x| (x - x).sum(..), &Tensor::from([1.0])).unwrap();
        assert_eq!(slope.to_vec::<f64>(), [0.0]);
    }
}

mod checked {
    use super::*;

    #[test]
    fn what_is_not_finite_is_named_with_its_place_and_line() {
        let checked = |f: fn(&Tensor) -> Tensor, x: [f64; 2]| {
            value_and_grad_checked(f, &Tensor::from(x)).map(|_| ()).unwrap_err().to_string()
        };
        let text = checked(|x| x.sum(..), [1.0, f64::NAN]);
        assert_eq!(text, "cannot differentiate at this point: the input is NaN at [1]; give finite numbers");
        let line = line!() + 1;
        let text = checked(|x| x.ln().sum(..), [1.0, 0.0]);
        assert!(
            text.starts_with(
                "cannot give the value: it is not finite; the first that was not finite: `ln` of 0 is -inf at [1] (at "
            ),
            "{text}"
        );
        assert!(text.contains(&format!("derive.rs:{line}:")), "{text}");
        let text = checked(|x| x.sqrt().sum(..), [1.0, 0.0]);
        assert!(text.starts_with("cannot give the gradient: a derivative is not finite; the first"), "{text}");
        assert!(text.contains("in the derivative of the operation at"), "{text}");
        // NaN is named where it became one, not where an infinity was that did no harm.
        let text = checked(
            |x| {
                let far = (x * 1e200).exp();
                (&far - &far).sum(..)
            },
            [1.0, 2.0],
        );
        assert!(text.contains("`sub` of inf and inf is NaN at [0]"), "{text}");
    }

    #[test]
    fn a_zero_that_met_an_infinity_is_an_error() {
        let f = |x: &Tensor| x.square().sqrt().sum(..);
        let x = Tensor::from([3.0, 0.0, -2.0]);
        assert_eq!(grad(f, &x).to_vec::<f64>(), [1.0, 0.0, -1.0]);
        let (_, _, report) = value_and_grad_report(f, &x);
        assert_eq!(report.meetings, 1);
        let text = value_and_grad_checked(f, &x).unwrap_err().to_string();
        assert!(
            text.starts_with("cannot vouch for the gradient: a zero derivative met one that is not finite;"),
            "{text}"
        );
    }

    #[test]
    fn reports_count_nodes_bytes_and_loops() {
        let x = Tensor::from([1.0, 2.0, 3.0]);
        let (y, slope, report) = value_and_grad_report(|x| x.sin().exp().sum(..), &x);
        assert!(y.item::<f64>().is_finite() && slope.len() == 3);
        assert_eq!(report.operations, 3);
        // exp saves its value; what sin saves is the input.
        assert_eq!(report.bytes, 3 * 8);
        assert!(report.nodes > report.operations && report.loops.is_empty());
        let text = report.to_string();
        assert!(text.starts_with("operations     3\nnodes "), "{text}");
        assert!(text.contains("bytes saved    24\nunused inputs  []\nzero times inf 0\n"), "{text}");
    }
}

mod intermediates {
    use super::*;

    #[test]
    fn every_node_has_its_adjoint() {
        let x = Tensor::from([0.5, 2.0]);
        let all = adjoints(|x| x.square().tag("v").sin().tag("s").sum(..), &x);
        let cos = [0.25_f64.cos(), 4f64.cos()];
        close(&all.tagged("v")[0].adjoint, &cos);
        close(&all.tagged("v")[0].value, &[0.25, 4.0]);
        close(&all.tagged("s")[0].adjoint, &[1.0, 1.0]);
        close(&all.gradient, &[cos[0], 4.0 * cos[1]]);
        let operations: Vec<&str> = all.nodes.iter().map(|node| node.operation).collect();
        assert_eq!(operations, ["variable", "square", "sin", "sum"]);
        let operands: Vec<Vec<Option<usize>>> = all.nodes.iter().map(|node| node.operands.clone()).collect();
        assert_eq!(operands, [vec![], vec![Some(0)], vec![Some(1)], vec![Some(2)]]);
        let text = all.to_string();
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(text.contains("[0.25, 4]") || text.contains("[0.25, 4.0]"), "{text}");
        assert!(text.lines().nth(2).unwrap().contains("v (") && text.contains("derive.rs:"), "{text}");
    }

    #[test]
    fn names_in_loops_of_constants_and_in_batches() {
        let all = adjoints(
            |x| {
                let mut y = x.clone();
                for _ in 0..3 {
                    y = (y * 2.0).tag("step");
                }
                Tensor::from(5.0).tag("constant") * y
            },
            &Tensor::from(1.0),
        );
        let steps: Vec<f64> = all.tagged("step").iter().map(|step| step.adjoint.item()).collect();
        assert_eq!(steps, [20.0, 10.0, 5.0]);
        assert_eq!(all.tagged("constant")[0].adjoint.item::<f64>(), 0.0);
        let xs = Tensor::from([1.0, 2.0, 3.0]);
        let all = adjoints(|w| vmap(|x| (x * w).tag("h").square(), &xs).sum(..), &Tensor::from(10.0));
        let h = all.tagged("h")[0];
        close(&h.value, &[10.0, 20.0, 30.0]);
        close(&h.adjoint, &[20.0, 40.0, 60.0]);
    }

    #[test]
    fn an_inner_gradient_does_not_hide_names() {
        let all = adjoints(|x| grad(|x| x.powi(2).tag("y") * x, x), &Tensor::from(2.0));
        // d/dx (y x) = 3 x^2; y of the inner one has, as a part of the outer one, the adjoint 1.
        assert_eq!(all.gradient.item::<f64>(), 12.0);
        assert_eq!(all.tagged("y")[0].value.item::<f64>(), 4.0);
        assert_eq!(all.tagged("y")[0].adjoint.item::<f64>(), 1.0);
        let inner = |x: &Tensor| adjoints(|x| x.square().tag("in"), x).gradient;
        let all = adjoints(|x| inner(&x.tag("out")), &Tensor::from(3.0));
        assert_eq!(all.gradient.item::<f64>(), 2.0);
        assert_eq!((all.tagged("in").len(), all.tagged("out").len()), (1, 1));
    }
}

mod own_operations {
    use super::*;

    /// The slope of a power, with its derivatives by itself: x^n elementwise, counting calls.
    #[derive(Clone)]
    struct Power {
        n: i32,
        values: Arc<AtomicUsize>,
    }

    impl Power {
        fn new(n: i32) -> Power {
            Power { n, values: Arc::default() }
        }
        fn slope(&self, x: &Tensor) -> Tensor {
            Tensor::call(Power { n: self.n - 1, values: self.values.clone() }, &[x]) * f64::from(self.n)
        }
    }

    impl Operation for Power {
        fn name(&self) -> &'static str {
            "power"
        }
        fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
            (x[0].shape().into(), x[0].dtype())
        }
        fn value(&self, x: &[Tensor]) -> Result<Tensor> {
            self.values.fetch_add(1, Relaxed);
            let powers: Vec<f64> = x[0].to_vec::<f64>().iter().map(|x| x.powi(self.n)).collect();
            Tensor::try_new(powers, x[0].shape())
        }
        fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
            Some(vec![ybar * self.slope(&x[0])])
        }
        fn jvp(&self, x: &[Tensor], _: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
            Some(&xdot[0] * self.slope(&x[0]))
        }
    }

    fn quartic(x: &Tensor) -> Tensor {
        Tensor::call(Power::new(4), &[x])
    }

    #[test]
    fn to_second_order_in_both_modes() {
        let (x, v) = (Tensor::from([1.0, -2.0]), Tensor::from([1.0, 3.0]));
        close(&grad(|x| quartic(x).sum(..), &x), &[4.0, -32.0]);
        close(&jvp(quartic, &x, &v).1, &[4.0, -96.0]);
        close(&hvp(|x| quartic(x).sum(..), &x, &v), &[12.0, 144.0]);
        close(&grad(|x| jvp(quartic, x, &v).1.sum(..), &x), &[12.0, 144.0]);
        close(&hessian(|x| quartic(x).sum(..), &x), &[12.0, 0.0, 0.0, 48.0]);
        // Several uses.
        close(&grad(|x| (quartic(x) * quartic(&x.sin())).sum(..), &Tensor::from([0.0])), &[0.0]);
    }

    #[test]
    fn in_batches_they_loop_and_are_listed() {
        let xs = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        let power = Power::new(2);
        let line = line!() + 1;
        let (y, loops) = vmap_report(|x| grad(|x| Tensor::call(power.clone(), &[x]).sum(..), x), &xs);
        close(&y, &[2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
        assert!(loops.iter().all(|own| own.operation == "power" && own.examples == 3), "{loops:?}");
        assert!(loops[0].to_string().contains("`power` once for each of 3 examples (called at "), "{}", loops[0]);
        assert!(loops[0].to_string().contains(&format!("derive.rs:{line}:")), "{}", loops[0]);
        let (_, _, report) = value_and_grad_report(|x| vmap(quartic, x).sum(..), &xs);
        assert_eq!(report.loops.iter().map(|own| own.examples).sum::<usize>(), 3);
        let (y, loops) = vmap_report(|x| x.square(), &xs);
        assert!(loops.is_empty() && y.shape() == [3, 2]);
    }

    /// Three times x, which its derivatives call again: each sweep is one call.
    #[derive(Clone, Default)]
    struct Triple(Arc<AtomicUsize>);
    impl Operation for Triple {
        fn name(&self) -> &'static str {
            "triple"
        }
        fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
            (x[0].shape().into(), x[0].dtype())
        }
        fn value(&self, x: &[Tensor]) -> Result<Tensor> {
            self.0.fetch_add(1, Relaxed);
            Ok(&x[0] * 3.0)
        }
        fn pullback(&self, _: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
            Some(vec![Tensor::call(self.clone(), &[ybar])])
        }
        fn jvp(&self, _: &[Tensor], _: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
            Some(Tensor::call(self.clone(), &[&xdot[0]]))
        }
    }

    #[test]
    fn a_jacobian_takes_the_fewer_sweeps() {
        let sweeps = |outputs: usize, inputs: usize| {
            let triple = Triple::default();
            let (x, w) = (Tensor::from(vec![1.5; inputs]), Tensor::ones([outputs, 1], DType::F64));
            let j = jacobian(|x| (Tensor::call(triple.clone(), &[x]) * &w).sum(1), &x);
            assert_eq!(j.to_vec::<f64>(), vec![3.0; inputs * outputs]);
            triple.0.load(Relaxed)
        };
        assert_eq!(sweeps(2, 5), 2, "reverse");
        assert_eq!(sweeps(5, 2), 2, "forward");
        assert_eq!(sweeps(1, 7), 1, "reverse");
        assert_eq!(sweeps(7, 1), 1, "forward");
    }

    /// The powers 1 to `n` of a vector, and their sums.
    #[derive(Clone)]
    struct Powers(i32);
    impl JointOperation for Powers {
        fn name(&self) -> &'static str {
            "powers"
        }
        fn kinds(&self, x: &[Tensor]) -> Vec<(Shape, DType)> {
            let mut kinds = vec![(x[0].shape().into(), x[0].dtype()); self.0 as usize];
            kinds.push((().into(), DType::F64));
            kinds
        }
        fn values(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
            let mut all: Vec<Tensor> = (1..=self.0).map(|n| x[0].powi(n)).collect();
            all.push(all.iter().map(|x| x.cast(DType::F64).sum(..)).sum());
            Ok(all)
        }
        fn pullback(&self, x: &[Tensor], y: &[Tensor], ybar: &[Tensor]) -> Option<Vec<Tensor>> {
            let slope = |n: i32| if n == 1 { x[0].ones_like() } else { &y[n as usize - 2] * f64::from(n) };
            Some(vec![(1..=self.0).map(|n| (&ybar[n as usize - 1] + &ybar[self.0 as usize]) * slope(n)).sum()])
        }
        fn jvp(&self, x: &[Tensor], _: &[Tensor], xdot: &[Tensor]) -> Option<Vec<Tensor>> {
            Some(jvp(|x| Powers(self.0).values(std::slice::from_ref(x)).unwrap(), &x[0], &xdot[0]).1)
        }
    }

    #[test]
    fn several_results_to_second_order() {
        let (x, v) = (Tensor::from([1.5, -2.0]), Tensor::from([1.0, 0.5]));
        let own = |x: &Tensor| {
            let y = Tensor::call_joint(Powers(3), &[x]);
            assert_eq!((y.len(), y[0].shape(), y[3].shape()), (4, &[2][..], &[][..]));
            (&y[2] * &y[0]).sum(..) + &y[3] * 2.0
        };
        let plain = |x: &Tensor| x.powi(4).sum(..) + (x + x.square() + x.powi(3)).sum(..) * 2.0;
        let same = |a: Tensor, b: Tensor| close(&a, &b.to_vec::<f64>());
        same(own(&x), plain(&x));
        same(grad(own, &x), grad(plain, &x));
        same(jvp(own, &x, &v).1, jvp(plain, &x, &v).1);
        same(hvp(own, &x, &v), hvp(plain, &x, &v));
        same(hessian(own, &x), hessian(plain, &x));
        let xs = Tensor::from([[1.0, 2.0], [0.5, -1.0]]);
        same(vmap(|x| grad(own, x), &xs), vmap(|x| grad(plain, x), &xs));
        let single = Tensor::call_joint(Powers(2), &[&Tensor::from([1.5_f32])]);
        assert_eq!((single[0].dtype(), single[2].dtype()), (DType::F32, DType::F64));
    }

    struct Wrong(u8);
    impl Operation for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }
        fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
            (x[0].shape().into(), x[0].dtype())
        }
        fn value(&self, x: &[Tensor]) -> Result<Tensor> {
            Ok(if self.0 == 0 { x[0].sum(..) } else { x[0].clone() })
        }
        fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
            Some(match self.0 {
                1 => vec![ybar.clone(), ybar.clone()],
                2 => vec![ybar.sum(..)],
                _ => vec![ybar.clone(); x.len()],
            })
        }
        fn jvp(&self, _: &[Tensor], _: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
            Some(if self.0 == 3 { xdot[0].sum(..) } else { xdot[0].clone() })
        }
    }

    #[test]
    fn what_does_not_keep_its_word_is_refused() {
        let x = Tensor::from([1.0, 2.0]);
        let call = |kind: u8| move |x: &Tensor| Tensor::call(Wrong(kind), &[x]).sum(..);
        let text = Tensor::call(Wrong(0), &[&x]).try_eval().unwrap_err().to_string();
        assert!(
            text.contains("cannot compute `wrong`: it gave f64 of shape [] where it had announced f64 of shape [2]"),
            "{text}"
        );
        let text = refusal(|| grad(call(1), &x));
        assert!(text.contains("it gave 2 tensors for 1 inputs"), "{text}");
        let text = refusal(|| grad(call(2), &x));
        assert!(text.contains("the adjoint of input 0 has shape [], the input [2]"), "{text}");
        let text = refusal(|| jvp(call(3), &x, &x));
        assert!(text.contains("the tangent has shape [], the result [2]"), "{text}");
    }
}

/// Numbers of examples in a table that all share: the table is not repeated for each.
#[test]
fn a_shared_table_is_not_repeated() {
    let table = Tensor::iota(12).cast(DType::F64).reshape([3, 4]).eval();
    let numbers = Tensor::from([[2_i64, 0], [-1, 1], [1, 1], [0, 2], [0, 0]]);
    for axis in [0, 1] {
        let all = |table: &Tensor| vmap(|i| table.take(i, axis), &numbers);
        let each = |table: &Tensor| {
            let taken: Vec<Tensor> = (0..5).map(|k| table.take(&numbers.index(k), axis)).collect();
            Tensor::stack(&taken.iter().collect::<Vec<_>>(), 0)
        };
        assert_eq!(all(&table).shape(), each(&table).shape());
        assert_eq!(all(&table).to_vec::<f64>(), each(&table).to_vec::<f64>());
        let weights = Tensor::iota(each(&table).len()).reshape(each(&table).shape());
        let slope =
            |f: &dyn Fn(&Tensor) -> Tensor| grad(|t| (f(t).square() * &weights).sum(..), &table).to_vec::<f64>();
        assert_eq!(slope(&all), slope(&each));
        let inside = vmap(|i| grad(|t| t.take(i, axis).square().sum(..), &table), &numbers);
        let outside: Vec<Tensor> =
            (0..5).map(|k| grad(|t| t.take(&numbers.index(k), axis).square().sum(..), &table)).collect();
        assert_eq!(inside.to_vec::<f64>(), Tensor::stack(&outside.iter().collect::<Vec<_>>(), 0).to_vec::<f64>());
        let told = wengert::tensor::explain(&[&all(&table)]).unwrap().to_string();
        assert!(!told.contains("take_along"), "{told}");
    }
}
