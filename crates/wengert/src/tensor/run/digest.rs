//! What a primitive is, in a few words for hashes; and whether two are the same to the bit.

use crate::list;
use crate::tensor::primitives::{Op, Own, Span};
use std::hash::{Hash, Hasher};

/// Writes what tells primitives apart. Two that are the same write the same; two that are not may.
pub(super) fn digest(op: &Op, to: &mut impl Hasher) {
    let spans = |spans: &[Span], to: &mut _| spans.iter().for_each(|span| span.hash(to));
    let name = op.as_primitive().name();
    to.write(&name.as_bytes()[..name.len().min(8)]);
    match op {
        Op::Map(map) => to.write_u64(map.0.parameter().map_or(0, f64::to_bits)),
        Op::Listed(list) => to.write_usize(list.0.len()),
        Op::Cast(cast) => cast.0.hash(to),
        Op::Permute(permute) => permute.0.hash(to),
        Op::Slice(slice) => spans(&slice.0, to),
        Op::Embed(embed) => spans(&embed.spans, to),
        Op::Put(put) => spans(&put.0, to),
        Op::Concat(concat) => to.write_usize(concat.0),
        Op::Window(window) => window.0.hash(to),
        Op::Fold(fold) => fold.sliding.hash(to),
        Op::Reduce(reduce) => reduce.axes.hash(to),
        Op::Contract(contract) => contract.hash(to),
        Op::Random(random) => to.write_u64(random.seed),
        Op::Take(take) => to.write_usize(take.0),
        Op::TakeAlong(take) => to.write_usize(take.0),
        Op::Locate(locate) => locate.sizes.hash(to),
        Op::Own(Own::Number { number, .. }) => to.write_usize(*number),
        // What remains is told apart by shapes, or seldom alike.
        Op::Variable
        | Op::Constant(_)
        | Op::Iota(_)
        | Op::Reshape(_)
        | Op::Expand(_)
        | Op::Arg(_)
        | Op::ArgSort(_)
        | Op::CumSum(_)
        | Op::Recurrence(_)
        | Op::Writer(_)
        | Op::TakeAdd(_)
        | Op::TakeAlongAdd(_)
        | Op::Ruled(_)
        | Op::Own(Own::Operation(_)) => {}
    }
}

/// Whether two primitives do the same, to the bit of their parameters.
pub(super) fn same(a: &Op, b: &Op) -> bool {
    match (a, b) {
        (Op::Map(a), Op::Map(b)) => same_line(a.0, b.0),
        (Op::Listed(a), Op::Listed(b)) => a == b || *a.0 == *b.0,
        _ => a == b,
    }
}

/// Whether two lines do the same, to the bit of their parameters.
fn same_line(a: list::Op, b: list::Op) -> bool {
    let bits = |op: list::Op| op.parameter().map(f64::to_bits);
    bits(a) == bits(b) && (a == b || a.name() == b.name())
}
