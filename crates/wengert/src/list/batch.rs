//! One list at many points at once: it becomes the body of a loop over rows, one point in each.

use super::loops::{Column, Source, Target};
use super::rows::{Head, Made, record_loop};
use super::{List, Traced, record};
use std::sync::Arc;

impl List {
    /// The list of this one at `points` points, of which at least one: the inputs are the first `shared` ones, which
    /// all points have in common, then the others of each point, one point after the other; the outputs those of each
    /// point. What does not depend on the point is computed once.
    ///
    /// Before: `inputs v0 v1`, `v2 = mul(v0, v1)`, `outputs v2`. After, for one shared input and two points:
    /// `inputs v0 v1 v2`, a loop of two rows over v1 and v2 that captures v0, and its two results as outputs.
    pub(crate) fn at_points(&self, shared: usize, points: usize) -> List {
        let width = self.inputs() - shared;
        self.in_lanes(shared, shared + points * width, points, |x| (Source::Vary, x.to_vec()))
    }

    /// The list of this one at points of constants: as inputs the first `shared` ones, which all have in common; the
    /// others, point after point, are `constants`.
    pub(crate) fn at_constants(&self, shared: usize, constants: Arc<[f64]>) -> List {
        let points = constants.len() / (self.inputs() - shared);
        self.in_lanes(shared, shared, points, |_| (Source::Data(constants), Vec::new()))
    }

    fn in_lanes(
        &self,
        shared: usize,
        inputs: usize,
        points: usize,
        rows: impl FnOnce(&[Traced]) -> (Source, Vec<Traced>),
    ) -> List {
        let width = self.inputs() - shared;
        let (list, _) = record::recorded(List::of_inputs(inputs), |x| {
            let (shared, own) = x.split_at(shared);
            let (source, own) = rows(own);
            let columns = if width > 0 { vec![(Column { width, source }, own)] } else { Vec::new() };
            let made = record_loop(Head { len: points, reverse: false, init: Vec::new(), columns }, |_, row| {
                let x: Vec<Traced> = shared.iter().chain(row).copied().collect();
                let at = self.replay(&x, false).at;
                let outputs = self.outputs.iter().map(|&output| at[output as usize]).collect();
                Made { carry: Vec::new(), emits: vec![(Target::Map, outputs)] }
            });
            made.emits.into_iter().flat_map(|(_, outputs)| outputs).collect()
        });
        list
    }

    /// The list of the Jacobian-vector product: the inputs `x`, then one tangent for each; as outputs `J(x) v`. It is
    /// the pullback of the pullback, which is linear in its seeds (Townsend 2017).
    ///
    /// `None` where an operation of one's own has a pullback whose derivative reads the seeds.
    pub(crate) fn pushforward(&self) -> Option<List> {
        let (n, m) = (self.inputs(), self.outputs.len());
        let twice = self.pullback().pullback();
        let outputs: Vec<u32> = twice.outputs[n..].to_vec();
        let seed = |input: u32| (n..n + m).contains(&(input as usize));
        let (list, kept) = twice.pruned(&outputs, &|input| !seed(input));
        kept.into_iter().all(|input| !seed(input)).then_some(list)
    }

    /// The list of the first `values` outputs, then of the Jacobian-vector product, at the numbers and along the tangents
    /// that `arrange` takes out of so many inputs.
    ///
    /// `None` where there is no [`pushforward`](Self::pushforward).
    pub(crate) fn along(
        &self,
        values: usize,
        inputs: usize,
        arrange: impl FnOnce(&[Traced]) -> [Vec<Traced>; 2],
    ) -> Option<List> {
        let forward = self.pushforward()?;
        let outputs = |list: &List, x: &[Traced]| {
            let at = list.replay(x, false).at;
            list.outputs.iter().map(|&output| at[output as usize]).collect::<Vec<_>>()
        };
        let (list, _) = record::recorded(List::of_inputs(inputs), |x| {
            let [x, v] = arrange(x);
            let tangents = outputs(&forward, &[&x[..], &v].concat());
            [&outputs(self, &x)[..values], &tangents].concat()
        });
        Some(list.eliminated())
    }

    /// Whether it has a loop over so many independent rows that these fill the lanes by themselves.
    pub(crate) fn has_wide_loops(&self) -> bool {
        self.loops.iter().any(|l| l.carry == 0 && l.len >= WIDE)
    }
}

/// From how many rows on a loop fills the lanes.
const WIDE: usize = 64;

#[cfg(test)]
mod tests {
    use crate::{Elementary, List, Real, Rows, record};

    #[test]
    fn what_points_share_is_computed_once() {
        let list = record(2, |x| x[0].exp() * x[1]);
        let at_two = list.at_points(1, 2);
        assert_eq!(at_two.run(&[0.0, 3.0, 4.0]), [3.0, 4.0]);
        assert_eq!(at_two.loops()[0].body().len(), 3, "the exponential is outside of the loop");
        let constants = list.at_constants(1, [3.0, 4.0, 5.0].into());
        assert_eq!((constants.inputs(), constants.run(&[0.0])), (1, vec![3.0, 4.0, 5.0]));
    }

    #[test]
    fn lists_without_inputs_or_outputs_have_points_too() {
        assert_eq!(record(0, |_| crate::Traced::lit(2.0)).at_points(0, 3).run::<f64>(&[]), [2.0; 3]);
        assert_eq!(record(1, |x| x[..0].to_vec()).at_points(0, 3).run(&[1.0; 3]), [0.0; 0]);
        assert_eq!(record(1, |x| [x[0], x[0] * 2.0]).at_points(0, 1).run(&[1.0]), [1.0, 2.0]);
    }

    fn looped<R: Real>(x: &[R]) -> Vec<R> {
        let [y] = R::map_rows(&Rows::new(3).data(&[1.0, 2.0, 3.0], 1), |row| [(x[0] * row[0]).sin() * x[1]]);
        let z = R::scan(x[1], &Rows::new(4), |z, _| z * x[0]);
        [&y[..], &[z, R::sum_of(&y) * z]].concat()
    }

    #[test]
    fn the_pushforward_is_the_transpose_of_the_pullback() {
        let list: List = record(2, looped);
        let pushed = list.pushforward().expect("rows of the table are linear in their seeds");
        let jacobian = list.jacobian();
        let (x, v) = ([0.3, 0.7], [2.0, -1.0]);
        let expected: Vec<f64> = jacobian.run(&x).chunks(2).map(|row| row[0] * v[0] + row[1] * v[1]).collect();
        let got = pushed.run(&[&x[..], &v].concat());
        assert_eq!(got.len(), 5);
        assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14), "{got:?} {expected:?}");
    }
}
