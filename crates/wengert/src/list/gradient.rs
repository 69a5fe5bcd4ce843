//! The gradient as a rewrite: list to list, through the table, so that every order is the same step again.

use super::{Call, List, Op, Traced, TracedMask, record};
use crate::program::{Operation, Real};
use crate::rules::{Elementary, Kind, rule};

impl List {
    /// The list of the gradient of the one output: the same inputs, and as outputs the derivatives by each of them.
    ///
    /// Lines of the function that the gradient reads are part of it; all others are gone. Cost: a run of it takes at
    /// most a small multiple of a run of the list.
    ///
    /// ```
    /// let f = wengert::record(1, |x| x[0].powi(3));
    /// assert_eq!(f.gradient().run(&[2.0]), [12.0]);
    /// assert_eq!(f.gradient().gradient().run(&[2.0]), [12.0]);
    /// assert_eq!(f.gradient().gradient().gradient().run(&[2.0]), [6.0]);
    /// ```
    ///
    /// # Panics
    /// If the list has not exactly one output; [`pullback`](Self::pullback) serves any number.
    #[track_caller]
    pub fn gradient(&self) -> List {
        assert!(
            self.outputs.len() == 1,
            "cannot take the gradient of a list of {} outputs: a gradient is of one; choose it by `with_outputs`, or \
             use `pullback` or `jacobian`",
            self.outputs.len()
        );
        self.rewritten(self.inputs(), |x, _| gradient(self, x, &[Traced::lit(1.0)]))
    }

    /// The list of the adjoints of *all* lines: the same inputs, and as outputs the derivatives of the one output by
    /// every line; of a mask 0.
    ///
    /// ```
    /// let f = wengert::record(2, |x| (x[0] * x[1]).sin());
    /// assert_eq!(f.adjoints().run(&[0.0, 3.0]), [3.0, 0.0, 1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If the list has not exactly one output.
    #[track_caller]
    pub fn adjoints(&self) -> List {
        assert!(
            self.outputs.len() == 1,
            "cannot take the adjoints of a list of {} outputs: an adjoint is the derivative of one; choose it by \
             `with_outputs`",
            self.outputs.len()
        );
        self.rewritten(self.inputs(), |x, _| adjoints(self, x, &[Traced::lit(1.0)]))
    }

    /// The list of the vector-Jacobian product: the inputs `x`, then one seed per output; as outputs `w^T J(x)`.
    ///
    /// ```
    /// let f = wengert::record(2, |x| [x[0] * x[1], x[0].sin()]);
    /// assert_eq!(f.pullback().run(&[0.0, 3.0, 1.0, 10.0]), [13.0, 0.0]);
    /// ```
    pub fn pullback(&self) -> List {
        self.rewritten(self.inputs() + self.outputs.len(), |x, seeds| gradient(self, x, seeds))
    }

    /// The list of the Jacobian: the same inputs, and as outputs its rows one after the other.
    ///
    /// ```
    /// let f = wengert::record(2, |x| x[0] * x[1]);
    /// let hessian = f.gradient().jacobian();
    /// assert_eq!(hessian.run(&[2.0, 3.0]), [0.0, 1.0, 1.0, 0.0]);
    /// ```
    pub fn jacobian(&self) -> List {
        self.rewritten(self.inputs(), |x, _| {
            let row = |i: usize| {
                let seed = |k: usize| Traced::lit(f64::from(u8::from(k == i)));
                gradient(self, x, &(0..self.outputs.len()).map(seed).collect::<Vec<_>>())
            };
            (0..self.outputs.len()).flat_map(row).collect()
        })
    }

    /// Records this list again with so many inputs, then what `f` makes of its lines and of the further inputs, and
    /// keeps what the outputs of `f` need.
    #[track_caller]
    fn rewritten(&self, inputs: usize, f: impl FnOnce(&[Traced], &[Traced]) -> Vec<Traced>) -> List {
        let (list, _) = record::recorded(List::of_inputs(inputs), |x| {
            let (x, seeds) = x.split_at(self.inputs());
            f(&self.replay(x), seeds)
        });
        list.eliminate()
    }

    /// The lines of this list as lines of the running recording. Masks are lines too.
    fn replay(&self, x: &[Traced]) -> Vec<Traced> {
        let mut lines: Vec<Traced> = Vec::with_capacity(self.len());
        let mut called = Vec::new();
        for line in 0..self.len() as u32 {
            let copied = match self.op(line) {
                Op::Input => x[line as usize],
                Op::Literal(value) => Traced::lit(value),
                op => {
                    let operands: Vec<Traced> = self.operands(line).iter().map(|&id| lines[id as usize]).collect();
                    record::set_origin(self.location(line));
                    match op {
                        Op::Call { operation, output } => {
                            if !self.continues_call(line) {
                                called = Traced::call(&self.calls[operation as usize], &operands);
                            }
                            called[output as usize]
                        }
                        op => record::line(op, &operands),
                    }
                }
            };
            lines.push(copied);
        }
        self.tags.iter().for_each(|&(line, name)| record::tag(lines[line as usize], name));
        lines
    }
}

/// The adjoints of the inputs.
fn gradient(list: &List, at: &[Traced], seeds: &[Traced]) -> Vec<Traced> {
    let mut all = adjoints(list, at, seeds);
    all.truncate(list.inputs());
    all
}

/// The adjoints of all lines for the given seeds of the outputs, recorded behind the lines `at` of `list`.
fn adjoints(list: &List, at: &[Traced], seeds: &[Traced]) -> Vec<Traced> {
    let mut contributions: Vec<Vec<(Traced, Traced)>> = vec![Vec::new(); list.len()];
    let mut found = vec![Traced::lit(0.0); list.len()];
    let one = Traced::lit(1.0);
    for (&output, &seed) in list.outputs.iter().zip(seeds) {
        contribute(&mut contributions[output as usize], seed, one);
    }
    for line in (list.inputs() as u32..list.len() as u32).rev() {
        let pairs = std::mem::take(&mut contributions[line as usize]);
        if pairs.is_empty() {
            continue;
        }
        record::set_origin(list.location(line));
        let adjoint = collect(&pairs);
        found[line as usize] = adjoint;
        let operands = list.operands(line);
        if let Op::Call { operation, output } = list.op(line) {
            let call = &list.calls[operation as usize];
            let mut ybar = vec![Traced::lit(0.0); call.outputs(operands.len())];
            ybar[output as usize] = adjoint;
            for earlier in (0..line).rev().take_while(|&earlier| list.continues_call(earlier + 1)) {
                let Op::Call { output, .. } = list.op(earlier) else { continue };
                found[earlier as usize] = collect(&std::mem::take(&mut contributions[earlier as usize]));
                ybar[output as usize] = found[earlier as usize];
            }
            // Of one output the partials, and strong products with them, as on the tape.
            let (adjoint, ybar) = if ybar.len() == 1 { (adjoint, vec![one]) } else { (one, ybar) };
            for (&operand, xbar) in operands.iter().zip(pulled_back(call, &operands, at, &ybar)) {
                contribute(&mut contributions[operand as usize], adjoint, xbar);
            }
            continue;
        }
        for (i, factor) in partials(list, line, at) {
            let (seed, partial) = match factor {
                Factor::Partial(partial) => (adjoint, partial),
                Factor::Where(mask) => (Traced::select(mask, adjoint, Traced::lit(0.0)), one),
                Factor::Unless(mask) => (Traced::select(mask, Traced::lit(0.0), adjoint), one),
            };
            contribute(&mut contributions[operands[i] as usize], seed, partial);
        }
    }
    for (adjoint, pairs) in found.iter_mut().zip(&contributions[..list.inputs()]) {
        *adjoint = collect(pairs);
    }
    found
}

/// The adjoints of the operands of an operation of one's own.
fn pulled_back(call: &Call, operands: &[u32], at: &[Traced], ybar: &[Traced]) -> Vec<Traced> {
    let x: Vec<Traced> = operands.iter().map(|&id| at[id as usize]).collect();
    let y = Traced::call(call, &x); // the lines that are there already
    call.pullback(&x, &y, ybar)
}

/// What an operand's adjoint is multiplied by.
enum Factor {
    Partial(Traced),
    /// The adjoint passes where the mask holds.
    Where(TracedMask),
    /// The adjoint passes where it does not.
    Unless(TracedMask),
}

/// The partial derivatives of a line by those of its operands that are not constants, with the operands' places.
fn partials(list: &List, line: u32, at: &[Traced]) -> Vec<(usize, Factor)> {
    let operands = list.operands(line);
    let x = |i: usize| at[operands[i] as usize];
    let y = at[line as usize];
    let active = |i: &usize| !matches!(list.op(operands[*i]), Op::Literal(_));
    let factors: Vec<Factor> = match list.op(line) {
        Op::Input | Op::Literal(_) | Op::Compare(_) | Op::And | Op::Or | Op::Not => {
            return Vec::new();
        }
        Op::Call { .. } => unreachable!("an operation of one's own is pulled back as a whole"),
        Op::Unary(op) if op.row().kind == Kind::Constant => return Vec::new(),
        Op::Unary(op) => vec![Factor::Partial(op.derivative(x(0), y))],
        Op::Binary(op) => {
            let partial = |i| {
                if i == 0 { op.da(x(0), x(1), y) } else { op.db(x(0), x(1), y) }
            };
            return (0..2).filter(active).map(|i| (i, Factor::Partial(partial(i)))).collect();
        }
        Op::Ternary(op) => op.partials(x(0), x(1), x(2), y).map(Factor::Partial).into(),
        Op::Nary(op) => {
            let xs: Vec<Traced> = (0..operands.len()).map(x).collect();
            op.partials(&xs, y).into_iter().map(Factor::Partial).collect()
        }
        Op::Select => {
            let mask = TracedMask::of_line(x(0));
            let both = [(1, Factor::Where(mask)), (2, Factor::Unless(mask))];
            return both.into_iter().filter(|(i, _)| active(i)).collect();
        }
    };
    factors.into_iter().enumerate().filter(|(i, _)| active(i)).collect()
}

/// Adds a product of an adjoint and a partial to what a line collects; a constant 0 adds nothing.
fn contribute(pairs: &mut Vec<(Traced, Traced)>, adjoint: Traced, partial: Traced) {
    if adjoint.constant() != Some(0.0) && partial.constant() != Some(0.0) {
        pairs.push((adjoint, partial));
    }
}

/// The sum of the products that a line has collected, each with the strong zero: one line.
fn collect(pairs: &[(Traced, Traced)]) -> Traced {
    let product = |&(a, b): &(Traced, Traced)| match (a.constant(), b.constant()) {
        (Some(1.0), _) => b,
        (_, Some(1.0)) => a,
        (Some(-1.0), _) => -b,
        (_, Some(-1.0)) => -a,
        _ => a.strong_mul(b),
    };
    match pairs {
        [] => Traced::lit(0.0),
        [pair] => product(pair),
        [a, b] => product(a) + product(b),
        many => Traced::nary(rule::Sum, &many.iter().map(product).collect::<Vec<_>>()),
    }
}
