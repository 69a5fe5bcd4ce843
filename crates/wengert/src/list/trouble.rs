//! Where a number that is not finite was born.

use super::{List, Loop, Op};
use crate::error::short;

impl List {
    /// The first operation at `x` whose value is not finite, with its operands, its value, its source line, and the row
    /// of each loop around it.
    pub(crate) fn first_not_finite(&self, x: &[f64]) -> Option<String> {
        let values = self.values(x);
        self.lines().find_map(|line| match self.op(line) {
            Op::Loop { index, .. } => self.loops[index as usize].first_not_finite(&values),
            Op::Literal(_) => None,
            op if op.is_mask() || values[line as usize].is_finite() => None,
            _ => Some(self.origin(line, &values)),
        })
    }

    fn origin(&self, line: u32, values: &[f64]) -> String {
        let operands: Vec<String> = self.operands(line).iter().map(|&id| short(values[id as usize])).collect();
        let (name, operands, value) = (self.name(line), operands.join(", "), short(values[line as usize]));
        match self.location(line) {
            Some(location) => format!("`{name}` of {operands} is {value} (at {location})"),
            None => format!("`{name}` of {operands} is {value} (line v{line})"),
        }
    }
}

impl Loop {
    fn first_not_finite(&self, around: &[f64]) -> Option<String> {
        let mut carry: Vec<f64> = self.init().iter().map(|&id| around[id as usize]).collect();
        self.order().find_map(|row| {
            let mut x = carry.clone();
            self.read(row, around, &mut x);
            if let Some(origin) = self.body.first_not_finite(&x) {
                return Some(format!("{origin} in row {row}"));
            }
            carry = self.body.run(&x);
            carry.truncate(self.carry as usize);
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Elementary, Real, Rows, Traced, record};

    #[test]
    fn the_row_is_named() {
        let list = record(2, |x| Traced::sum_rows(&Rows::new(3).data(&[1.0, 2.0, 3.0], 1), |row| (x[0] - row[0]).ln()));
        assert!(list.first_not_finite(&[4.0, 0.0]).is_none());
        let origin = list.first_not_finite(&[2.0, 0.0]).expect("the logarithm of 0");
        assert!(origin.starts_with("`ln` of 0 is -inf (at ") && origin.ends_with(" in row 1"), "{origin}");
        let steps = record(1, |x| Traced::scan(x[0], &Rows::new(9), |y, _| y * y));
        let origin = steps.first_not_finite(&[1e30]).expect("it overflows");
        assert!(origin.contains("is inf") && origin.ends_with(" in row 3"), "{origin}");
    }

    #[test]
    fn literals_do_not_count() {
        let list = record(1, |x| Traced::min_of(&[x[0], Traced::lit(f64::INFINITY)]));
        assert_eq!(list.first_not_finite(&[1.0]), None);
    }
}
