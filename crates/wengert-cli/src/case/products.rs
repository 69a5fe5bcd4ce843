//! The cases that are products with a Jacobian, and the Jacobian itself.

use super::engines::{Answer, Named, program};
use super::programs;
use super::sheet::{Closed, Comparison, Sheet};
use crate::walk::Walk;
use wengert::{
    Dual, List, Mode, Var, Work, count_work, derivative, grad, grad_forward, jacobian_with, jvp as push, linearize,
    vjp as pull,
};

/// The program, what it computes, and the first part.
fn begin(sheet: &mut Sheet, program: &Named, formula: &str, names: &[&str], x: &[f64]) -> (List, Walk) {
    let list = program.listed(x).list;
    let walk = Walk::new(&list, names, x);
    sheet.program(program, formula, &walk);
    sheet.primal(&list, &walk);
    (list, walk)
}

/// What the tape did, a row for each name.
pub(super) fn work_table(works: &[(&str, Work)]) -> Vec<Vec<String>> {
    let head = ["", "recordings", "reverse sweeps", "forward sweeps", "seeds"].map(str::to_owned).to_vec();
    let row = |(name, work): &(&str, Work)| {
        let counts = [work.recordings, work.reverse_sweeps, work.forward_sweeps, work.lanes];
        std::iter::once((*name).to_owned()).chain(counts.map(|count| count.to_string())).collect()
    };
    std::iter::once(head).chain(works.iter().map(row)).collect()
}

/// Case 4.
pub(super) fn vjp(sheet: &mut Sheet) {
    let (x, w) = ([2.0, 3.0], [0.5, -1.25]);
    let formula = "(y1, y2) = (x1 x2, sin x1), seeds (w1, w2) = (0.5, -1.25)";
    let (list, walk) = begin(sheet, &program!(two_outputs -> [R; 2]), formula, &["x1", "x2"], &x);
    sheet.reverse(&walk, "y", &w);
    let (by_tape, work) = count_work(|| pull(programs::two_outputs::<Var<f64>>, &x).1.call(&w));
    let weighted = |x: &[Dual<f64, 8>]| {
        let y = programs::two_outputs(x);
        y[0] * w[0] + y[1] * w[1]
    };
    sheet.compare(Comparison {
        answers: vec![
            Answer { engine: "dual numbers, of w1 y1 + w2 y2", numbers: grad_forward(weighted, &x).to_vec() },
            Answer { engine: "the tape: vjp", numbers: by_tape },
            Answer { engine: "the list: its pullback is a list", numbers: list.pullback().run(&[x, w].concat()) },
        ],
        expected: vec![
            Closed::new("x1bar", "w1 x2 + w2 cos x1", w[0] * x[1] + w[1] * x[0].cos()),
            Closed::new("x2bar", "w1 x1", w[0] * x[0]),
        ],
    });
    sheet.table("No Jacobian is formed. What the tape did, counted", &work_table(&[("vjp", work)]));
}

/// Case 11.
pub(super) fn jvp(sheet: &mut Sheet) {
    let (x, along) = ([1.0, 0.0], [2.0, -1.0]);
    let formula = "(y1, y2) = (x1 x2 + sin x1, exp x2 + x1^2) along (2, -1)";
    let (list, walk) = begin(sheet, &program!(curve -> [R; 2]), formula, &["x1", "x2"], &x);
    sheet.forward(&walk, "y", &along);
    let (y, dy) = push(programs::curve::<Dual<f64, 1>>, &x, &along);
    let (value, linear) = linearize(programs::curve::<Var<f64>>, &x);
    let replayed = list.run(&[Dual::<f64, 1>::new(x[0], [along[0]]), Dual::new(x[1], [along[1]])]);
    let values = replayed.iter().map(|y| y.value());
    let tangents = replayed.iter().map(|y| y.tangents()[0]);
    sheet.compare(Comparison {
        answers: vec![
            Answer { engine: "dual numbers: jvp", numbers: [y, dy].concat() },
            Answer { engine: "the tape, swept forward", numbers: [value.to_vec(), linear.jvp(&along)].concat() },
            Answer { engine: "the list, run on dual numbers", numbers: values.chain(tangents).collect() },
        ],
        expected: vec![
            Closed::new("y1", "sin 1", 1f64.sin()),
            Closed::new("y2", "2", 2.0),
            Closed::new("y1dot", "2 cos 1 - 1", 2.0 * 1f64.cos() - 1.0),
            Closed::new("y2dot", "3", 3.0),
        ],
    });
}

/// Case 13.
pub(super) fn dual_numbers(sheet: &mut Sheet) {
    let formula = "y = exp x sin x, by the dual number 0 + 1 epsilon";
    let (list, walk) = begin(sheet, &program!(damped), formula, &["x"], &[0.0]);
    sheet.forward(&walk, "y", &[1.0]);
    let by_dual = derivative(|x: Dual<f64, 1>| programs::damped(&[x]), 0.0);
    let by_list = list.run(&[Dual::<f64, 1>::seeded(0.0, 0)])[0].tangents()[0];
    sheet.compare(Comparison {
        answers: vec![
            Answer { engine: "dual numbers: derivative", numbers: vec![by_dual] },
            Answer { engine: "the list, run on dual numbers", numbers: vec![by_list] },
            Answer { engine: "the tape: grad", numbers: vec![grad(|x: Var<f64>| programs::damped(&[x]), 0.0)] },
        ],
        expected: vec![Closed::new("dy/dx", "exp 0 (sin 0 + cos 0)", 1.0)],
    });
}

/// Case 15.
pub(super) fn full_jacobian(sheet: &mut Sheet) {
    let x = [2.0, 3.0, 0.5];
    let program = program!(three_to_two -> [R; 2]);
    let (_, walk) = begin(sheet, &program, "(y1, y2) = (a b + sin c, b c^2)", &["a", "b", "c"], &x);
    for (row, seeds) in [[1.0, 0.0], [0.0, 1.0]].iter().enumerate() {
        sheet.paragraph(&format!("Row {} of the Jacobian", row + 1));
        sheet.reverse(&walk, "y", seeds);
    }
    let [a, b, c] = x;
    let expected = vec![
        Closed::new("y1", "a b + sin c", a * b + c.sin()),
        Closed::new("y2", "b c^2", b * c * c),
        Closed::new("dy1/da", "b", b),
        Closed::new("dy1/db", "a", a),
        Closed::new("dy1/dc", "cos c", c.cos()),
        Closed::new("dy2/da", "0", 0.0),
        Closed::new("dy2/db", "c^2", c * c),
        Closed::new("dy2/dc", "2 b c", 2.0 * b * c),
    ];
    sheet.compare(Comparison { answers: program.derivatives(&x), expected });
    let rows = vec![
        ["f", "inputs", "outputs", "asked for", "mode", "seeds", "passes", "lanes"].map(str::to_owned).to_vec(),
        choice("three_to_two", programs::three_to_two, &x, None),
        choice("three_to_two", programs::three_to_two, &x, Some(Mode::Forward)),
        choice("three_to_two", programs::three_to_two, &x, Some(Mode::Reverse)),
        choice("square", programs::square, &x[..2], None),
        choice("tall", programs::tall, &x[..2], None),
    ];
    sheet.table("The driver sweeps from the side with fewer seeds, forward where they are as many", &rows);
}

/// How the driver found a Jacobian, as a row.
fn choice<const M: usize>(
    name: &str,
    f: fn(&[Var<f64>]) -> [Var<f64>; M],
    x: &[f64],
    asked: Option<Mode>,
) -> Vec<String> {
    let found = jacobian_with(asked, f, x);
    let asked = asked.map_or("nothing".to_owned(), |mode| format!("{mode:?}").to_lowercase());
    let counts = [found.seeds, found.passes, found.lanes].map(|count| count.to_string());
    let sizes = [x.len().to_string(), M.to_string()];
    let mode = format!("{:?}", found.mode).to_lowercase();
    [vec![name.to_owned()], sizes.to_vec(), vec![asked, mode], counts.to_vec()].concat()
}
