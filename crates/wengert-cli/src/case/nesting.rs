//! The cases of second order: derivatives of derivatives.

use super::engines::{Answer, program};
use super::products::work_table;
use super::programs;
use super::sheet::{Closed, Comparison, Sheet};
use crate::number::shortest;
use crate::walk::Walk;
use wengert::{Dual, List, Var, count_work, derivative, grad, hvp, hvp_reverse_over_forward, record};

/// Case 16.
pub(super) fn hessian_vector(sheet: &mut Sheet) {
    let (x, v) = ([1.5, 2.0], [0.5, -1.0]);
    let names = ["x1", "x2"];
    let program = program!(rosenbrock);
    let list = program.listed(&x).list;
    let walk = Walk::new(&list, &names, &x);
    sheet.program(&program, "y = (1 - x1)^2 + 100 (x2 - x1^2)^2, direction v = (0.5, -1)", &walk);
    sheet.primal(&list, &walk);
    sheet.reverse(&walk, "y", &[1.0]);

    sheet.paragraph("Forward over reverse: the gradient is a list again, and its tangents along v are H v.");
    let gradient = list.gradient();
    let second = Walk::new(&gradient, &names, &x);
    sheet.primal(&gradient, &second);
    sheet.forward(&second, "g", &v);
    compare_orders(sheet, &gradient, x, v);
}

/// The products in all orders, and what they cost.
fn compare_orders(sheet: &mut Sheet, gradient: &List, x: [f64; 2], v: [f64; 2]) {
    let (forward_over_reverse, one) = count_work(|| hvp(programs::rosenbrock, &x, &v));
    let (reverse_over_forward, other) = count_work(|| hvp_reverse_over_forward(programs::rosenbrock, &x, &v));
    let twice_reverse = gradient.pullback().run(&[x, v].concat());
    let h = [[2.0 - 400.0 * (x[1] - 3.0 * x[0] * x[0]), -400.0 * x[0]], [-400.0 * x[0], 200.0]];
    sheet.compare(Comparison {
        answers: vec![
            Answer { engine: "forward over reverse: Var<Dual>", numbers: forward_over_reverse.to_vec() },
            Answer { engine: "reverse over forward: Dual<Var>", numbers: reverse_over_forward.to_vec() },
            Answer { engine: "reverse over reverse: the list, twice", numbers: twice_reverse },
        ],
        expected: vec![
            Closed::new("(H v)1", "(2 - 400 (x2 - 3 x1^2)) v1 - 400 x1 v2", h[0][0] * v[0] + h[0][1] * v[1]),
            Closed::new("(H v)2", "-400 x1 v1 + 200 v2", h[1][0] * v[0] + h[1][1] * v[1]),
        ],
    });
    let works = [("forward over reverse", one), ("reverse over forward", other)];
    sheet.table("No Hessian is formed. What the tape did, counted", &work_table(&works));
}

/// Case 21.
pub(super) fn perturbation_confusion(sheet: &mut Sheet) {
    sheet.paragraph("z = d/dx [x d/dy (x + y)] at x = y = 1: the inner derivative is 1, so the outer one is 1.");
    sheet.paragraph("The inner derivative: of x + y by y, where x is a variable of the outer one");
    let inner = record(2, |v| v[0] + v[1]);
    let walk = Walk::new(&inner, &["x", "y"], &[1.0, 1.0]);
    sheet.primal(&inner, &walk);
    sheet.reverse(&walk, "u", &[1.0]);

    sheet.paragraph("The outer derivative: of x times that, by x");
    let derivative = inner.gradient();
    let outer = record(1, |v| v[0] * derivative.run(&[v[0], v[0]])[1]);
    let walk = Walk::new(&outer, &["x"], &[1.0]);
    sheet.primal(&outer, &walk);
    sheet.reverse(&walk, "z", &[1.0]);
    compare_nestings(sheet, &outer);

    let confused = naive::derivative(|x| x * naive::derivative(|y| x + y, x.value), 1.0);
    sheet.paragraph(&format!(
        "Naive nesting, with one and the same epsilon inside and outside, gives {}: the inner derivative\n\
         takes the tangent of x for one of y. In wengert each nesting is a type of its own, and `lift`\n\
         says that x is a constant of the inner one; leaving it out does not compile.",
        shortest(confused)
    ));
}

/// The derivative in every nesting of the engines.
fn compare_nestings(sheet: &mut Sheet, outer: &List) {
    let answer = |engine, number| Answer { engine, numbers: vec![number] };
    sheet.compare(Comparison {
        answers: vec![
            answer("dual in dual", derivative(|x: Dual<f64, 1>| x * derivative(|y| x.lift() + y, x), 1.0)),
            answer("tape in tape", grad(|x: Var<f64>| x * grad(|y| x.lift() + y, x), 1.0)),
            answer("dual in tape", grad(|x: Var<f64>| x * derivative(|y| Dual::constant(x) + y, x), 1.0)),
            answer("tape in dual", derivative(|x: Dual<f64, 1>| x * grad(|y| Var::constant(x) + y, x), 1.0)),
            answer("list in list", outer.gradient().run(&[1.0])[0]),
        ],
        expected: vec![Closed::new("dz/dx", "1", 1.0)],
    });
}

/// Dual numbers that confuse perturbations, on purpose: every derivative uses the same epsilon.
mod naive {
    use std::ops::{Add, Mul};

    /// A value and its tangent, whoever asked for it.
    #[derive(Clone, Copy)]
    pub(super) struct Naive {
        pub(super) value: f64,
        tangent: f64,
    }

    pub(super) fn derivative(f: impl Fn(Naive) -> Naive, x: f64) -> f64 {
        f(Naive { value: x, tangent: 1.0 }).tangent
    }

    impl Add for Naive {
        type Output = Naive;
        fn add(self, b: Naive) -> Naive {
            Naive { value: self.value + b.value, tangent: self.tangent + b.tangent }
        }
    }

    impl Mul<f64> for Naive {
        type Output = Naive;
        fn mul(self, b: f64) -> Naive {
            Naive { value: self.value * b, tangent: self.tangent * b }
        }
    }
}
