//! Reverse mode in sixty lines, on nothing but std: values, adjoints, and backward closures.

use std::{cell::Cell, collections::HashSet, ops, rc::Rc};

/// From the adjoint of a value to its share in the adjoint of a parent.
type Pullback = Box<dyn Fn(f64) -> f64>;

pub(crate) struct Node {
    pub(crate) value: f64,
    pub(crate) grad: Cell<f64>,
    parents: Vec<(Value, Pullback)>,
}

/// A number that remembers how it was made.
#[derive(Clone)]
pub(crate) struct Value(pub(crate) Rc<Node>);

impl Value {
    pub(crate) fn new(value: f64, parents: Vec<(Value, Pullback)>) -> Value {
        Value(Rc::new(Node { value, grad: Cell::new(0.0), parents }))
    }
    pub(crate) fn sin(&self) -> Value {
        let x = self.0.value;
        Value::new(x.sin(), vec![(self.clone(), Box::new(move |g| g * x.cos()))])
    }
    /// Seeds the adjoint of this value, and passes adjoints on to all that it was made of.
    pub(crate) fn backward(&self) {
        let mut order = Vec::new();
        self.visit(&mut HashSet::new(), &mut order);
        self.0.grad.set(1.0);
        for Value(node) in order.iter().rev() {
            for (Value(parent), pullback) in &node.parents {
                parent.grad.set(parent.grad.get() + pullback(node.grad.get())); // fan-out: added, not assigned
            }
        }
    }
    /// Depth first: everything that a value was made of comes before it, each once.
    fn visit(&self, seen: &mut HashSet<*const Node>, order: &mut Vec<Value>) {
        if seen.insert(Rc::as_ptr(&self.0)) {
            self.0.parents.iter().for_each(|(parent, _)| parent.visit(seen, order));
            order.push(self.clone());
        }
    }
}

impl ops::Add for Value {
    type Output = Value;
    fn add(self, b: Value) -> Value {
        Value::new(self.0.value + b.0.value, vec![(self, Box::new(|g| g)), (b, Box::new(|g| g))])
    }
}

impl ops::Mul for Value {
    type Output = Value;
    fn mul(self, b: Value) -> Value {
        let (x, y) = (self.0.value, b.0.value);
        Value::new(x * y, vec![(self, Box::new(move |g| g * y)), (b, Box::new(move |g| g * x))])
    }
}
