//! Any text as a list, and any lines.

use super::agreement::agree;
use super::bytes::Bytes;
use wengert::List;
use wengert::list::{Loop, Op, Relation};
use wengert::rules::{Binary, Nary, Row, Ternary, Unary, rows};

/// How long lists may be that are differentiated as well.
const LONGEST: usize = 200;

/// Any text: an error, or a legal list of which everything holds.
///
/// # Panics
/// If it does not.
pub fn list(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(list) = List::parse(&text) else {
        return;
    };
    let x = |start: f64| (0..list.inputs()).map(|i| start + i as f64 * 0.375).collect::<Vec<f64>>();
    if work(&list) <= LONGEST {
        agree(&list, &[0.0, 0.625, -2.0, f64::NAN, f64::INFINITY].map(x));
    }
}

/// How many lines a run of the list takes, and at least how many it has.
fn work(list: &List) -> usize {
    let of = |l: &Loop| work(l.body()).saturating_add(1).saturating_mul(l.rows());
    list.loops().iter().map(of).fold(list.len(), usize::saturating_add)
}

/// Any lines, legal or not: an error, or a list of which everything holds.
///
/// # Panics
/// If it does not.
pub fn verify(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let inputs = bytes.below(5);
    let x: Vec<f64> = (0..inputs).map(|_| bytes.number()).collect();
    let mut lines: Vec<(Op, Vec<u32>)> = Vec::new();
    while !bytes.is_empty() && lines.len() < LONGEST {
        lines.push(line(&mut bytes, inputs + lines.len()));
    }
    let outputs: Vec<u32> = (0..bytes.below(3)).map(|_| operand(&mut bytes, inputs + lines.len())).collect();
    let lines: Vec<(Op, &[u32])> = lines.iter().map(|(op, operands)| (*op, &operands[..])).collect();
    match List::from_lines(inputs, lines.iter().copied(), &outputs) {
        Ok(list) => agree(&list, std::slice::from_ref(&x)),
        Err(why) => assert!(!why.to_string().is_empty()),
    }
    // Whatever was wrong: the lines up to there, with the last number among them as output.
    let legal = |n: &usize| List::from_lines(inputs, lines[..*n].iter().copied(), &[]).is_ok();
    let longest = (0..=lines.len()).rev().find(legal).expect("inputs alone are legal");
    let output = (0..inputs + longest).rev().find(|&i| i < inputs || !lines[i - inputs].0.is_mask());
    let outputs: Vec<u32> = output.map(|i| i as u32).into_iter().collect();
    let list = List::from_lines(inputs, lines[..longest].iter().copied(), &outputs).expect("outputs that are numbers");
    agree(&list, std::slice::from_ref(&x));
}

/// An operation and mostly as many operands as it takes, mostly earlier ones.
fn line(bytes: &mut Bytes<'_>, earlier: usize) -> (Op, Vec<u32>) {
    let op = op(bytes);
    let any = bytes.below(7);
    let count = if bytes.byte() == 255 { any } else { op.arity().unwrap_or(any) };
    (op, (0..count).map(|_| operand(bytes, earlier)).collect())
}

/// Mostly an earlier line, and more often a late one.
fn operand(bytes: &mut Bytes<'_>, earlier: usize) -> u32 {
    let back = bytes.byte();
    let operand = if back.is_multiple_of(2) {
        earlier.wrapping_sub(1 + usize::from(back) / 16)
    } else {
        bytes.below(earlier + 1)
    };
    operand as u32
}

fn op(bytes: &mut Bytes<'_>) -> Op {
    match bytes.byte() % 16 {
        0 => Op::Literal(bytes.number()),
        1 => Op::Select,
        2 => Op::Compare([Relation::Less, Relation::LessEqual, Relation::Equal][bytes.below(3)]),
        3 => [Op::And, Op::Or, Op::Not, Op::Input][bytes.below(4)],
        _ => of_row(&rows()[bytes.below(rows().len())], bytes),
    }
}

/// The operation of a row; its parameter is any number of its type.
fn of_row(row: &'static Row, bytes: &mut Bytes<'_>) -> Op {
    let asked = row.parameter.map(|_| bytes.number());
    let with = |parameter| {
        let unary = Unary::from_name(row.name, parameter).map(Op::Unary);
        let binary = || Binary::from_name(row.name).map(Op::Binary);
        let ternary = || Ternary::from_name(row.name).map(Op::Ternary);
        unary.or_else(binary).or_else(ternary).or_else(|| Nary::from_name(row.name, parameter).map(Op::Nary))
    };
    let whole = asked.map(|asked| (asked as i32).unsigned_abs() as f64);
    with(asked).or_else(|| with(whole)).unwrap_or(Op::Literal(0.0))
}
