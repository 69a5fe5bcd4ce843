//! A list without its loops, for what goes line by line.

use std::borrow::Cow;
use wengert::{List, record};

/// The same function as a list in which every line of every row stands by itself.
pub(crate) fn unrolled(list: &List) -> Cow<'_, List> {
    let mut list = Cow::Borrowed(list);
    // A row of very many operands is recorded as a loop, which is gone the next time.
    while !list.loops().is_empty() {
        list = Cow::Owned(record(list.inputs(), |x| list.run(x)));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::unrolled;
    use wengert::{List, Real, Rows, Traced, record};

    #[test]
    fn every_row_has_lines_of_its_own() {
        let list = record(3, |x| Traced::sum_rows(&Rows::new(3).vary(x, 1), |row| row[0].sin()));
        let flat = unrolled(&list);
        assert!(flat.loops().is_empty() && flat.len() >= 8, "{flat}");
        assert_eq!(flat.run(&[0.5, 1.0, 2.0]), list.run(&[0.5, 1.0, 2.0]));
        let many =
            "inputs v0..v199\nv200 = sum(v0..v199)\nv201 = loop 2 {\nvary v0 from v0 v200\nsum v0\n}\noutputs v201";
        let many = List::parse(many).expect("a list");
        assert_eq!(unrolled(&many).run(&[1.0; 200]), [201.0]);
        assert!(unrolled(&many).loops().is_empty());
    }
}
