//! Compressed Jacobians: rows that share no column, or columns that share no row, are found by one sweep (Curtis, Powell
//! and Reid 1974).

use super::super::{List, Pattern};
use std::sync::Arc;

impl List {
    /// The entries of the Jacobian and where they stand, by one sweep for each colour, all in the lanes of one loop:
    /// back from groups of outputs, or forward from groups of inputs where the densest row has fewer entries than the
    /// densest column.
    pub(super) fn compressed_entries(&self) -> (List, Vec<(u32, u32)>) {
        let pattern = self.jacobian_pattern();
        let across = pattern.transposed();
        let forward = if densest(&pattern) < densest(&across) { self.pushforward() } else { None };
        let is_forward = forward.is_some();
        let (groups, others) = if is_forward { (&across, &pattern) } else { (&pattern, &across) };
        let colours = coloured(groups, others);
        let pushed = forward.unwrap_or_else(|| self.pullback());
        let swept = pushed.at_constants(self.inputs(), seeds(&colours));
        let found = swept.outputs.len() / count(&colours).max(1);
        let places: Vec<(u32, u32)> =
            (0..pattern.rows()).flat_map(|row| pattern.row(row).iter().map(move |&col| (row as u32, col))).collect();
        let output = |&(row, col): &(u32, u32)| {
            let (group, other) = if is_forward { (col, row) } else { (row, col) };
            swept.outputs[colours[group as usize] as usize * found + other as usize]
        };
        let outputs: Vec<u32> = places.iter().map(output).collect();
        (swept.with_outputs(&outputs).eliminate(), places)
    }
}

/// The most entries of a row.
fn densest(pattern: &Pattern) -> usize {
    (0..pattern.rows()).map(|row| pattern.row(row).len()).max().unwrap_or(0)
}

/// A colour for each row, by first fit: rows of one colour share no column. `across` is the transposed pattern.
fn coloured(pattern: &Pattern, across: &Pattern) -> Vec<u32> {
    let mut colours = vec![u32::MAX; pattern.rows()];
    let mut taken: Vec<u32> = Vec::new(); // by colour: the last row that may not have it
    for row in 0..pattern.rows() {
        for &col in pattern.row(row) {
            for &other in across.row(col as usize).iter().take_while(|&&other| (other as usize) < row) {
                taken[colours[other as usize] as usize] = row as u32;
            }
        }
        let free = taken.iter().position(|&last| last != row as u32).unwrap_or(taken.len());
        if free == taken.len() {
            taken.push(u32::MAX);
        }
        colours[row] = free as u32;
    }
    colours
}

fn count(colours: &[u32]) -> usize {
    colours.iter().max().map_or(0, |&last| last as usize + 1)
}

/// For each colour a seed of 1 for those that have it.
fn seeds(colours: &[u32]) -> Arc<[f64]> {
    let of = |colour: usize| colours.iter().map(move |&own| f64::from(u8::from(own as usize == colour)));
    (0..count(colours)).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Traced, record};

    #[test]
    fn rows_of_one_colour_share_no_column() {
        let list = record(30, |x| (0..30).map(|i| x[i] * x[(7 * i + 3) % 30] * x[(i * i) % 30]).collect::<Vec<_>>());
        let pattern = list.jacobian_pattern();
        let colours = coloured(&pattern, &pattern.transposed());
        for (a, b) in (0..30).flat_map(|a| (0..a).map(move |b| (a, b))).filter(|&(a, b)| colours[a] == colours[b]) {
            assert!(pattern.row(a).iter().all(|col| !pattern.row(b).contains(col)), "{a} and {b}");
        }
        assert!(count(&colours) < 15, "{colours:?}");
    }

    /// Compressed in either direction, against one sweep for each output.
    fn agrees(list: &List, x: &[f64], sweeps: usize) {
        let (compressed, places) = list.compressed_entries();
        let n = list.inputs();
        let dense = list.jacobian().run(x);
        for (value, &(row, col)) in compressed.run(x).iter().zip(&places) {
            assert!((value - dense[row as usize * n + col as usize]).abs() < 1e-14, "({row}, {col})");
        }
        let (_, pulled) = list.pulled_entries();
        assert!(pulled.iter().all(|place| places.contains(place)));
        assert_eq!(compressed.loops()[0].rows(), sweeps);
    }

    #[test]
    fn compressed_entries_are_those_of_the_jacobian() {
        let x: Vec<f64> = (0..12).map(|i| f64::from(i).cos()).collect();
        let band = record(12, |x: &[Traced]| x.windows(2).map(|x| (x[0] * x[1]).sin()).collect::<Vec<_>>());
        agrees(&band, &x, 2);
        let arrow = record(12, |x: &[Traced]| x[1..].iter().map(|&y| y * x[0].exp()).collect::<Vec<_>>());
        agrees(&arrow, &x, 2); // forward: the first input on its own, all others together
        let turned = record(12, |x: &[Traced]| [x[1..].iter().map(|x| x.square()).sum(), x[0] * x[5]]);
        agrees(&turned, &x, 2);
    }
}
