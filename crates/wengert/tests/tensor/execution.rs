//! Plans: what they compute, how many there are, what they hold.

use wengert::Result;
use wengert::tensor::{
    self, DType, JointOperation, Operation, Shape, Tensor, explain, grad, keep, s, value_and_grad, vmap,
};

/// The values of two graphs that `make` builds alike: by the plan, and node by node.
fn both(make: impl Fn() -> Vec<Tensor>) -> [Vec<Tensor>; 2] {
    let (planned, plain) = (make(), make());
    tensor::eval(&planned.iter().collect::<Vec<_>>()).unwrap();
    tensor::eval_plainly(&plain.iter().collect::<Vec<_>>()).unwrap();
    [planned, plain]
}

fn numbers(x: &Tensor) -> Vec<f64> {
    x.cast(DType::F64).to_vec()
}

#[track_caller]
fn assert_close(a: &Tensor, b: &Tensor, tolerance: f64) {
    assert_eq!((a.shape(), a.dtype()), (b.shape(), b.dtype()));
    for (i, (x, y)) in numbers(a).into_iter().zip(numbers(b)).enumerate() {
        let close = (x - y).abs() <= tolerance * (1.0 + y.abs());
        assert!(close || x.is_nan() && y.is_nan() || x == y, "element {i} is {x} against {y}");
    }
}

#[track_caller]
fn assert_fused_is_plain(tolerance: f64, make: impl Fn() -> Vec<Tensor>) {
    let [planned, plain] = both(make);
    planned.iter().zip(&plain).for_each(|(a, b)| assert_close(a, b, tolerance));
}

fn ramp(len: usize) -> Tensor {
    Tensor::iota(len).cast(DType::F64) * (1.0 / len as f64) - 0.4
}

#[test]
fn a_chain_is_one_group() {
    for len in [1, 7, 64, 2048, 2049, 200_000] {
        assert_fused_is_plain(1e-13, || {
            let x = ramp(len).eval();
            let y = (x.sin() * 2.5 + &x).exp();
            vec![y.sum(..), (&y * &y).tanh(), y]
        });
    }
}

#[test]
fn broadcasts_come_before_and_sums_after() {
    for (m, n) in [(3, 5), (1, 4), (4, 1), (37, 129), (300, 3), (3, 30_000), (30_000, 3), (1, 1)] {
        assert_fused_is_plain(1e-12, || {
            let (x, row, column) = (ramp(m * n).eval(), ramp(n).eval(), ramp(m).eval());
            let x = x.reshape([m, n]);
            let z = (&x * &row + &column.reshape([m, 1])).tanh();
            vec![z.sum(0), z.sum(1), z.sum(..), z.sum(keep(-1)) * 2.0 - &z, z]
        });
    }
}

#[test]
fn masks_are_lines_inside_and_booleans_at_the_edges() {
    assert_fused_is_plain(1e-13, || {
        let x = ramp(5000).eval();
        let mask = x.gt(0.1);
        let both = mask.and(x.lt(0.3));
        let y = both.select(x.sin(), x.cos());
        let again = mask.eval();
        vec![y, both.cast(DType::F64).sum(..), again.or(&both).not(), again.select(&x, &(-&x)), x.cast(DType::Bool)]
    });
}

#[test]
fn single_precision_is_that_of_single_operations() {
    assert_fused_is_plain(4e-6, || {
        let x = ramp(10_000).cast(DType::F32).eval();
        let y = (x.tanh() * 1.5 + 0.25).exp();
        vec![y.sum(..), y.cast(DType::F64).sum(..), y]
    });
}

#[test]
fn gradients_are_planned_like_values() {
    assert_fused_is_plain(1e-11, || {
        let (x, w, b) = (ramp(600).eval(), ramp(600).eval(), ramp(600).eval());
        let loss = |w: &Tensor| ((&x * w + &b).tanh().exp() * x.sin()).sum(..);
        let (y, dw) = value_and_grad(loss, &w);
        let second = grad(|w: &Tensor| (grad(loss, w) * &x).sum(..), &w);
        vec![y, dw, second]
    });
}

#[test]
fn a_changing_number_makes_no_other_plan() {
    let mut w = ramp(77).eval();
    let before = tensor::statistics();
    for step in 0..1000 {
        let rate = 0.5 / (step as f64 + 1.5);
        let g = grad(|w: &Tensor| (w * w).sum(..), &w);
        w = (&w - g * rate).eval();
    }
    let after = tensor::statistics();
    assert_eq!((after.plans - before.plans, after.hits - before.hits), (1, 999));
    assert!(after.kept <= 512 && after.bytes <= 64 << 20, "{after:?}");
}

#[test]
fn another_structure_is_another_plan_and_never_a_wrong_number() {
    let values = |x: &Tensor, y: &Tensor, c: f64| (x * y * c + x).to_vec::<f64>();
    let (x, y) = (Tensor::from([2.0, 3.0, 5.0]), Tensor::from([7.0, 11.0, 13.0]));
    for c in [0.5, 2.0, 0.25, 1.0, 2.5, -1.0, 0.0] {
        assert_eq!(values(&x, &y, c), [14.0 * c + 2.0, 33.0 * c + 3.0, 65.0 * c + 5.0]);
        assert_eq!(values(&x, &x, c), [4.0 * c + 2.0, 9.0 * c + 3.0, 25.0 * c + 5.0]);
        assert_eq!(values(&y, &x, c), [14.0 * c + 7.0, 33.0 * c + 11.0, 65.0 * c + 13.0]);
        let row = Tensor::from([[2.0], [3.0]]);
        assert_eq!(
            values(&row, &Tensor::from([1.0, 2.0]), c),
            [2.0 * c + 2.0, 4.0 * c + 2.0, 3.0 * c + 3.0, 6.0 * c + 3.0]
        );
    }
    // The same primitives with other parameters.
    let square = ramp(9).reshape([3, 3]).eval();
    for spans in [s![0..2, 0..2], s![1..3, 0..2], s![0..2, 1..3]] {
        let [planned, plain] = both(|| vec![square.slice(spans) + 1.0]);
        assert_eq!(planned[0].to_vec::<f64>(), plain[0].to_vec::<f64>());
    }
}

#[test]
fn a_changing_seed_makes_no_other_plan() {
    // Two draws, equal or not, in a form of their own each.
    let draw = |seed, other| (Tensor::normal(seed, [79], DType::F64) - Tensor::normal(other, [79], DType::F64)).eval();
    let first = tensor::statistics();
    let numbers: Vec<Vec<f64>> = (0..100).map(|seed| draw(seed, seed + 1).to_vec()).collect();
    let last = tensor::statistics();
    assert!(last.hits - first.hits >= 99, "{first:?} {last:?}");
    for (seed, numbers) in (0..100).zip(&numbers) {
        let alone = |seed| Tensor::normal(seed, [79], DType::F64).to_vec::<f64>();
        let wanted: Vec<f64> = alone(seed).iter().zip(alone(seed + 1)).map(|(a, b)| a - b).collect();
        assert_eq!(*numbers, wanted, "seed {seed}");
    }
    assert_eq!(draw(5, 5).to_vec::<f64>(), [0.0; 79], "equal seeds give equal numbers");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let run = || {
        let x = ramp(1_000_000).cast(DType::F32).eval().reshape([1000, 1000]);
        let y = (x.sin() * &x.sum(0)).exp();
        [y.sum(..), y.sum(0), y.sum(1)].map(|y| y.to_vec::<f32>())
    };
    let all = [1, 2, 5].map(|threads| {
        tensor::set_threads(threads);
        run()
    });
    tensor::set_threads(0);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

#[test]
fn long_chains_and_wide_graphs_do_not_recurse() {
    let x = ramp(8).eval();
    let mut y = x.clone();
    for _ in 0..20_000 {
        y = y * 0.999 + &x;
    }
    assert!(y.sum(..).item::<f64>().is_finite());
    let leaves: Vec<Tensor> = (0..3000).map(|i| Tensor::from([i as f64, 1.0])).collect();
    let mut sum = leaves[0].clone();
    for leaf in &leaves[1..] {
        sum += leaf;
    }
    assert_eq!(sum.to_vec::<f64>(), [2999.0 * 1500.0, 3000.0]);
}

/// What a thread holds of the heap, counted by the allocator of this binary.
mod heap {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;

    struct Counting;

    #[global_allocator]
    static COUNTING: Counting = Counting;

    thread_local! {
        static HELD: Cell<isize> = const { Cell::new(0) };
        static MOST: Cell<isize> = const { Cell::new(0) };
        /// Allocations of at least a megabyte.
        static LARGE: Cell<usize> = const { Cell::new(0) };
    }

    // SAFETY: the system's allocator does the work.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            note(layout.size() as isize);
            // SAFETY: as the caller says.
            unsafe { System.alloc(layout) }
        }
        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            note(layout.size() as isize);
            // SAFETY: as the caller says.
            unsafe { System.alloc_zeroed(layout) }
        }
        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            note(-(layout.size() as isize));
            // SAFETY: as the caller says.
            unsafe { System.dealloc(at, layout) }
        }
    }

    fn note(bytes: isize) {
        // Storage of threads is gone at the end of one: then nobody counts.
        let _ = HELD.try_with(|held| {
            held.set(held.get() + bytes);
            let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
        });
        if bytes >= 1 << 20 {
            let _ = LARGE.try_with(|large| large.set(large.get() + 1));
        }
    }

    pub(super) fn held() -> isize {
        HELD.get()
    }

    /// The most bytes that this thread held while `f` ran, beyond those before, and its large allocations.
    pub(super) fn cost_of(f: impl FnOnce()) -> (isize, usize) {
        let (held, large) = (held(), LARGE.get());
        MOST.set(held);
        f();
        (MOST.get() - held, LARGE.get() - large)
    }
}

#[test]
fn setting_in_a_loop_writes_in_place() {
    let mut a = ramp(1_000_000).eval();
    let wanted = {
        let mut wanted = a.to_vec::<f64>();
        (0..100).for_each(|i| wanted[3 * i] = i as f64);
        wanted
    };
    let (bytes, large) = heap::cost_of(|| {
        for i in 0..100 {
            a.set(s![3 * i as i64], i as f64);
            a = a.eval();
        }
    });
    assert!(large == 0 && bytes < 1_000_000, "{large} buffers, {bytes} bytes");
    let (bytes, large) = heap::cost_of(|| {
        for i in 0..100 {
            a.set(s![3 * i as i64], i as f64);
        }
        a = a.eval();
    });
    assert!(large == 0 && bytes < 1_000_000, "{large} buffers, {bytes} bytes");
    assert!(a.to_vec::<f64>() == wanted);
}

#[test]
fn an_alias_never_changes() {
    let before = ramp(5000).to_vec::<f64>();
    let mut a = ramp(5000).eval();
    let (alias, reader) = (a.clone(), &a * 2.0);
    a.set(s![0], 7.0);
    let a = a.eval();
    assert_eq!(a.to_vec::<f64>()[0], 7.0);
    assert_eq!(alias.to_vec::<f64>(), before);
    assert_eq!(reader.to_vec::<f64>()[0], 2.0 * before[0]);
    // One that is held by a graph alone is one too.
    let mut b = ramp(5000).eval();
    let reader = &b * 2.0;
    b.set(s![0], 7.0);
    b.eval();
    assert_eq!(reader.to_vec::<f64>()[0], 2.0 * before[0]);
    // And one with the same buffer in another shape.
    let mut c = ramp(5000).eval();
    let matrix = c.reshape([50, 100]).eval();
    c.set(s![0], 7.0);
    c.eval();
    assert_eq!(matrix.to_vec::<f64>(), before);
}

#[test]
fn an_update_writes_over_what_it_updates() {
    let mut w = ramp(1_000_000).eval();
    w = (&w * 0.5 + 1.0).eval();
    let (bytes, large) = heap::cost_of(|| {
        for _ in 0..10 {
            w = {
                let next = &w * 0.5 + 1.0;
                drop(std::mem::replace(&mut w, next.clone()));
                next
            };
            w = w.eval();
        }
    });
    assert!(large == 0 && bytes < 500_000, "{large} buffers, {bytes} bytes");
}

#[test]
fn a_chain_needs_few_buffers() {
    let x = ramp(200_000).eval();
    let peak = |steps: usize| {
        let (bytes, _) = heap::cost_of(|| {
            let mut y = x.clone();
            for _ in 0..steps {
                y = (y * 0.5).cumsum(0).tanh() + &x;
            }
            y.eval();
        });
        bytes
    };
    peak(1);
    let (few, many) = (peak(3), peak(40));
    assert!(many < few + 1_600_000, "{few} bytes for 3 steps, {many} for 40");
}

#[test]
fn nothing_is_lost_over_many_steps() {
    let steps = if cfg!(debug_assertions) { 4_000 } else { 100_000 };
    let x = ramp(12).eval().reshape([4, 3]);
    let mut w = ramp(3).eval();
    let mut step = || {
        let (loss, g) = value_and_grad(|w: &Tensor| (x.matmul(w).tanh() - 0.3).square().mean(..), &w);
        let next = &w - g * 0.1;
        tensor::eval(&[&next, &loss]).unwrap();
        w = next;
    };
    (0..100).for_each(|_| step());
    let before = heap::held();
    (0..steps).for_each(|_| step());
    let lost = heap::held() - before;
    assert!(lost.abs() < 20_000, "{lost} bytes after {steps} steps");
}

#[test]
fn several_threads_may_ask_for_one_value() {
    for round in 0..50 {
        let mut a = ramp(20_000).eval();
        a.set(s![0], f64::from(round));
        let values = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (&a + 1.0).sum(..).item::<f64>())).collect();
            let own = a.sum(..).item::<f64>() + 20_000.0;
            threads.into_iter().map(|t| t.join().unwrap()).chain([own]).collect::<Vec<f64>>()
        });
        assert!(values.iter().all(|x| (x - values[0]).abs() < 1e-6), "{values:?}");
    }
}

#[test]
fn the_operation_that_first_made_infinity_is_named() {
    let x = Tensor::from([[1.0, 4.0], [0.0, 2.0]]);
    let y = x.ln();
    let error = (y * 2.0).sum(..).check_finite().unwrap_err().to_string();
    let wanted = "cannot find `ln` finite: element [1, 0] is -inf, of finite inputs (made at crates/wengert/tests/tensor/execution.rs:";
    assert!(error.starts_with(wanted), "{error}");
    let g = grad(|x: &Tensor| x.sqrt().sum(..), &x);
    let error = g.check_finite().unwrap_err().to_string();
    assert!(error.contains("element [1, 0] is inf, of finite inputs"), "{error}");
    let error = (Tensor::from([f64::NAN]) * 2.0).check_finite().unwrap_err().to_string();
    assert!(
        error.starts_with("cannot find `mul` finite: element [0] is NaN, and its input 0, which was given"),
        "{error}"
    );
    assert!(error.contains(", which was given, is not finite (made at "), "{error}");
    let error = Tensor::from([f64::INFINITY]).check_finite().unwrap_err().to_string();
    assert!(error.starts_with("cannot find what was given finite: element [0] is inf (given at "), "{error}");
    assert!(error.ends_with("; look where it comes from"), "{error}");
    let error = x.recip().check_finite().unwrap_err().to_string();
    assert!(error.ends_with("); keep its inputs where it is finite"), "{error}");
    assert_eq!(x.check_finite().unwrap().to_vec::<f64>(), x.to_vec::<f64>());
}

#[test]
fn rectifiers_save_the_cheapest() {
    let [x, w, v] = [(40, 30), (30, 20), (20, 10)].map(|(m, n)| ramp(m * n).reshape([m, n]).eval());
    // The next layer's weights need the output.
    let (y, (dw, dv)) = value_and_grad(
        |(w, v): &(Tensor, Tensor)| x.matmul(w).relu().matmul(v).square().sum(..),
        &(w.clone(), v.clone()),
    );
    let output = explain(&[&y, &dw, &dv]).unwrap();
    assert_eq!(output.rectifiers(), [("output", 40 * 20 * 8)], "{output}");
    // What is squared is the output of a running sum: neither output nor input of the rectifier is needed again.
    let (y, dw) = value_and_grad(|w: &Tensor| (x.matmul(w) + 0.1).relu().cumsum(0).square().sum(..), &w);
    let mask = explain(&[&y, &dw]).unwrap();
    assert_eq!(mask.rectifiers(), [("mask", 40 * 20 / 64 * 8 + 8)], "{mask}");
    // The input is one of the arrays that are given.
    let (y, dx) = value_and_grad(|x: &Tensor| x.relu().cumsum(0).square().sum(..), &x);
    let input = explain(&[&y, &dx]).unwrap();
    assert_eq!(input.rectifiers(), [("input", 40 * 30 * 8)], "{input}");
    // All of it is one group.
    let (y, dx) = value_and_grad(|x: &Tensor| x.relu().square().sum(..), &x);
    let one = explain(&[&y, &dx]).unwrap();
    assert_eq!(one.rectifiers(), [("nothing", 0)], "{one}");
    assert_eq!((one.steps(), one.groups().len(), one.saved_bytes()), (1, 1, 0), "{one}");
    for (explanation, words) in [
        (&output, "the output, which is kept anyway"),
        (&output, "saved for the backward part: "),
        (&output, ", backward"),
        (&mask, "a mask of 1 bit for each element: neither input nor output is kept"),
        (&input, "the input, which is kept anyway"),
        (&one, "nothing: the derivative is computed with the value"),
        (&one, ", forward and backward"),
        (&one, " when merged, in "),
        (&one, "; buffers: at most "),
    ] {
        assert!(explanation.to_string().contains(words), "{words}: {explanation}");
    }
    for (name, f) in [
        ("output", &(|w: &Tensor| x.matmul(w).relu().matmul(&v).square().sum(..)) as &dyn Fn(&Tensor) -> Tensor),
        ("mask", &|w: &Tensor| (x.matmul(w) + 0.1).relu().cumsum(0).square().sum(..)),
        ("leaky", &|w: &Tensor| (x.matmul(w) - 0.1).leaky_relu(0.1).matmul(&v).square().sum(..)),
    ] {
        println!("{name}");
        assert_fused_is_plain(1e-12, || {
            let (y, dw) = value_and_grad(|w: &Tensor| f(w), &w);
            vec![y, dw]
        });
    }
}

#[test]
fn an_explanation_shows_the_steps() {
    let (x, w) = (ramp(6).reshape([2, 3]).eval(), ramp(12).reshape([3, 4]).eval());
    let (y, dw) = value_and_grad(|w: &Tensor| x.matmul(w).tanh().sum(..), &w);
    let explanation = explain(&[&y, &dw]).unwrap();
    let text = explanation.to_string();
    assert!(text.contains("contract [2, 3] x [3, 4] to [2, 4], 24 multiplications: [2, 4] f64 (64 B)"), "{text}");
    assert!(text.contains("= tanh(v0)"), "{text}");
    let svg = explanation.to_svg();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("backward"), "{svg}");
    // What is known has nothing to explain.
    assert_eq!(explain(&[&x]).unwrap().steps(), 0);
}

#[test]
fn constants_are_elements_of_their_type() {
    for value in [0.1, 2.0, 2.7, 40.5, -0.5] {
        for (from, to) in [(DType::F32, DType::F64), (DType::Bool, DType::F64), (DType::I64, DType::F32)] {
            assert_fused_is_plain(0.0, || {
                let x = ramp(10).cast(to).eval();
                let c = Tensor::full([10], value, from).cast(to);
                vec![&x + &c, c.sum(..), c.gt(1.0).select(&c, &x)]
            });
        }
    }
}

/// What a user holds on the way is kept with the value that was asked for: a loop that asks for its loss alone does not grow.
#[test]
fn what_is_held_is_not_computed_twice() {
    let mut w = Tensor::from([1.0, 2.0]);
    let mut step = || {
        let (loss, slope) = value_and_grad(|w| (w.square() + w.sin()).sum(..), &w);
        w = &w - slope * 0.01;
        loss.item::<f64>()
    };
    let mut last = (0..3).map(|_| step()).last();
    let before = tensor::statistics();
    for _ in 0..100 {
        let loss = step();
        assert!(last.is_none_or(|last| loss < last));
        last = Some(loss);
    }
    let after = tensor::statistics();
    assert_eq!((after.plans - before.plans, after.hits - before.hits), (0, 100));
}

/// Its input times the first of many numbers.
struct Times(Vec<f64>);

impl Operation for Times {
    fn name(&self) -> &'static str {
        "times"
    }
    fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
        (x[0].shape().into(), x[0].dtype())
    }
    fn value(&self, x: &[Tensor]) -> Result<Tensor> {
        Ok(&x[0] * self.0[0])
    }
    fn pullback(&self, _: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
        Some(vec![ybar * self.0[0]])
    }
}

impl JointOperation for Times {
    fn name(&self) -> &'static str {
        "times"
    }
    fn kinds(&self, x: &[Tensor]) -> Vec<(Shape, DType)> {
        self.0.iter().map(|_| (x[0].shape().into(), x[0].dtype())).collect()
    }
    fn values(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(self.0.iter().map(|c| &x[0] * *c).collect())
    }
}

#[test]
fn plans_hold_no_operation() {
    let x = Tensor::from([1.0, 2.0, 4.0]);
    let call = |i: i32| {
        let slope = grad(|x| Tensor::call(Times(vec![f64::from(i); 1 << 20]), &[x]).sum(..), &x);
        assert_eq!(slope.to_vec::<f64>(), [f64::from(i); 3]);
        let y = Tensor::call(Times(vec![f64::from(i); 1 << 20]), &[&x]).sum(..);
        assert_eq!(y.item::<f64>(), f64::from(7 * i));
    };
    (0..20).for_each(call);
    let (before, held) = (tensor::statistics(), heap::held());
    (0..100).for_each(call);
    let lost = heap::held() - held;
    assert_eq!(tensor::statistics().plans - before.plans, 0);
    assert!(lost.abs() < 20_000, "{lost} bytes");
}

#[test]
fn operations_of_one_name_do_what_each_does() {
    let x = Tensor::from([1.0, 2.0]);
    let times = |c: f64, x: &Tensor| Tensor::call(Times(vec![c]), &[x]);
    for (a, b) in [(2.0, 3.0), (3.0, 2.0), (5.0, 5.0)] {
        let y = times(a, &x) * 10.0 + times(b, &x);
        assert_eq!(y.to_vec::<f64>(), [10.0 * a + b, 20.0 * a + 2.0 * b]);
        assert_eq!(times(b, &times(a, &x)).to_vec::<f64>(), [a * b, 2.0 * a * b]);
        let y = Tensor::call_joint(Times(vec![a, b]), &[&x]);
        let z = Tensor::call_joint(Times(vec![b, a]), &[&x]);
        assert_eq!((&y[0] * 10.0 + &z[0]).to_vec::<f64>(), [10.0 * a + b, 20.0 * a + 2.0 * b]);
        // One operation, in every example of a mapping, beside another.
        let y = vmap(|x| times(a, x) * 10.0 + times(b, x), &x);
        assert_eq!(y.to_vec::<f64>(), [10.0 * a + b, 20.0 * a + 2.0 * b]);
    }
    // One operation at two places is another form than two operations.
    let twice = |a: &Tensor, b: &Tensor| vmap(|x| times(2.0, x), &Tensor::stack(&[a, b], 0)).to_vec::<f64>();
    assert_eq!(twice(&x, &x), [2.0, 4.0, 2.0, 4.0]);
    let two = [times(2.0, &x), times(3.0, &x)];
    assert_eq!(Tensor::stack(&[&two[0], &two[1]], 0).to_vec::<f64>(), [2.0, 4.0, 3.0, 6.0]);
}

/// A value that was asked for inside `grad` forgets its graph when that is over.
#[test]
fn losses_looked_at_inside_keep_no_graph() {
    let (w, mut losses) = (ramp(1000).eval(), Vec::with_capacity(3000));
    let mut step = || {
        let (loss, slope) = value_and_grad(
            |w: &Tensor| {
                let loss = (w.sin() * w).sum(..);
                assert!(loss.item::<f64>().is_finite());
                loss
            },
            &w,
        );
        slope.eval();
        losses.push(loss);
        // One that leaked out of the function is forgotten when it is looked at.
        let mut leaked = None;
        grad(
            |w: &Tensor| {
                let loss = (w.cos() * w).sum(..);
                loss.eval();
                leaked = Some(loss.clone());
                loss
            },
            &w,
        )
        .eval();
        let leaked = leaked.unwrap();
        leaked.item::<f64>();
        losses.push(leaked);
    };
    (0..10).for_each(|_| step());
    let before = heap::held();
    (0..1000).for_each(|_| step());
    let held = heap::held() - before;
    assert!(held < 2_000_000, "{held} bytes of 2000 losses");
}

#[test]
fn threads_and_aliases_do_not_disturb_what_is_written_over() {
    for round in 0..100 {
        let mut root = ramp(2000).eval();
        let first = root.to_vec::<f64>()[0];
        root.set(s![0], f64::from(round));
        let alias = root.clone();
        let wanted = alias.len() as f64;
        let values: Vec<Vec<f64>> = std::thread::scope(|scope| {
            let one = |x: Tensor| scope.spawn(move || x.eval().to_vec::<f64>());
            let mut threads: Vec<_> = (0..4).map(|_| one(root.clone())).collect();
            threads.push(scope.spawn(move || (&alias * 1.0).to_vec::<f64>()));
            drop(root);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(values.iter().all(|x| *x == values[0]), "round {round}");
        assert_eq!((values[0][0], values[0].len() as f64), (f64::from(round), wanted));
        assert!((first + 0.4).abs() < 1e-12 && (values[0][1] + 0.4 - 1.0 / 2000.0).abs() < 1e-12);
    }
}

#[test]
#[ignore = "a million nodes: some seconds, in release"]
fn a_million_nodes_are_built_differentiated_and_dropped() {
    let x = Tensor::from([0.5, 0.25]);
    let start = std::time::Instant::now();
    let (y, slope) = value_and_grad(
        |x: &Tensor| {
            let mut y = x.clone();
            for _ in 0..500_000 {
                y = y * 0.999 + x;
            }
            y.sum(..)
        },
        &x,
    );
    println!("built in {:.1} s", start.elapsed().as_secs_f64());
    tensor::eval(&[&y, &slope]).unwrap();
    println!("computed in {:.1} s", start.elapsed().as_secs_f64());
    assert!((y.item::<f64>() - 750.0).abs() < 1e-6);
    slope.to_vec::<f64>().iter().for_each(|slope| assert!((slope - 1000.0).abs() < 1e-6));
    drop((y, slope));
    // And without values.
    drop(grad(|x: &Tensor| (0..1_000_000).fold(x.clone(), |y, _| y.sin()).sum(..), &x));
    println!("dropped in {:.1} s", start.elapsed().as_secs_f64());
}
