//! Runs a plan, step by step.

use super::canonical::{Given, Kind};
use super::contract::{self, Factor};
use super::kernel;
use super::place::whole;
use super::plainly::no_value;
use super::plan::{Fill, Plan, Read, Step, Work};
use super::pool::Pool;
use super::threads::threads;
use crate::error::Result;
use crate::tensor::array::Array;
use crate::tensor::dtype::Number;
use crate::tensor::node::Tensor;
use crate::tensor::primitives::{Contract, Op, Own, Primitive, Random, spans_view};
use crate::tensor::random::draw;
use crate::tensor::shape::Shape;
use std::borrow::Cow;

/// What a run holds.
struct Run<'a> {
    plan: &'a Plan,
    values: Vec<Option<Array>>,
    numbers: &'a [Number],
    seeds: &'a [u64],
    own: &'a [Own],
    tensors: &'a [Tensor],
    pool: Pool,
}

/// The values of the roots.
///
/// # Errors
/// If an operation has none.
pub(super) fn execute(plan: &Plan, given: Given) -> Result<Vec<Array>> {
    let Given { tensors, leaves, numbers, seeds, own } = given;
    let mut values = vec![None; plan.slots];
    for ((_, leaf), slot) in leaves.into_iter().zip(&plan.leaves) {
        if let Some(slot) = slot {
            values[*slot as usize] = Some(leaf);
        }
    }
    let (numbers, seeds, own, tensors) = (&numbers, &seeds, &own, &tensors);
    let mut run = Run { plan, values, numbers, seeds, own, tensors, pool: Pool::default() };
    for step in &plan.steps {
        run.step(step)?;
    }
    Ok(plan.roots.iter().map(|root| run.read(root)).collect())
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<()> {
        match &step.work {
            Work::Fused(fused) => kernel::run(fused, &mut self.values, self.numbers, &step.last, &mut self.pool),
            Work::Contract { contract, a, b, shape, slot, node } => {
                let value = self.contract(contract, [a, b], shape, *node)?;
                self.values[*slot as usize] = Some(value);
            }
            Work::Alone { inputs, slot, node } => {
                let value = self.alone(inputs, *node, &step.last)?;
                self.values[*slot as usize] = Some(value);
            }
            Work::Fill { value, shape, dtype, slot } => {
                let value = match value {
                    Fill::Number(number) => self.numbers[*number as usize],
                    Fill::Literal(value) => *value,
                };
                self.values[*slot as usize] = Some(Array::filled(value, shape.clone(), *dtype));
            }
        }
        for &slot in &step.last {
            if let Some(value) = self.values[slot as usize].take() {
                self.pool.give(value);
            }
        }
        Ok(())
    }

    /// A slot as an array; elements are copied where they do not stand in order.
    fn read(&self, read: &Read) -> Array {
        let value = self.values[read.slot as usize].as_ref().expect("what is read was computed before");
        match &read.view {
            None => value.reshaped(read.shape.clone()),
            Some(view) => view.read(value, &read.shape),
        }
    }

    /// The same, where a buffer that nobody reads afterwards may be had for good.
    fn take(&mut self, read: &Read, last: &[u32]) -> Array {
        if read.view.is_some() || !last.contains(&read.slot) {
            return self.read(read);
        }
        let value = self.values[read.slot as usize].take().expect("what is read was computed before");
        Array { shape: read.shape.clone(), data: value.data }
    }

    /// Of operands that are read where they stand.
    fn contract(&self, contract: &Contract, [a, b]: [&Read; 2], shape: &Shape, node: u32) -> Result<Array> {
        let (a, b) = (self.factor(a), self.factor(b));
        contract::contract(contract, &a, &b, shape, threads())
            .map_err(|why| no_value("contract", &why, &self.tensors[node as usize]))
    }

    fn factor<'b>(&'b self, read: &'b Read) -> Factor<'b> {
        let elements = self.values[read.slot as usize].as_ref().expect("what is read was computed before");
        let view = read.view.clone().unwrap_or_else(|| whole(&read.shape));
        Factor { elements, shape: Cow::Borrowed(&read.shape), view }
    }

    fn alone(&mut self, inputs: &[Read], node: u32, last: &[u32]) -> Result<Array> {
        let of = &self.plan.form.nodes[node as usize];
        let Kind::Op(op) = &of.kind else { unreachable!("a leaf is not computed") };
        if let (Op::Put(put), [whole, part]) = (op, inputs) {
            let part = self.read(part);
            let mut whole = self.take(whole, last);
            spans_view(&put.0, &whole.shape).write(&part, &mut whole);
            return Ok(whole);
        }
        if let Op::Random(random) = op {
            return Ok(draw(&Random { seed: self.seeds[random.seed as usize], ..random.clone() }));
        }
        let inputs: Vec<Array> = inputs.iter().map(|input| self.read(input)).collect();
        let primitive: &dyn Primitive = match op {
            Op::Own(Own::Number { number, .. }) => &self.own[*number],
            _ => op.as_primitive(),
        };
        primitive
            .value(&inputs, &of.shape, of.dtype)
            .map_err(|why| no_value(primitive.name(), &why, &self.tensors[node as usize]))
    }
}
