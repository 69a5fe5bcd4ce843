//! A case as it is shown: text from real runs, and the engines' answers beside the closed form.

use super::engines::{Answer, Named};
use super::programs;
use crate::number::shortest;
use crate::table::align;
use crate::walk::{Walk, text};
use serde_json::{Value, json};
use wengert::List;
use wengert::list::{Branch, Relation};

/// The greatest difference, in units in the last place of the closed form, that counts as rounding.
const ROUNDING: f64 = 4.0;

/// What a case shows.
#[derive(Default)]
pub(super) struct Sheet {
    text: String,
    lists: Vec<String>,
    comparisons: Vec<Comparison>,
}

/// A number by its closed form.
pub(super) struct Closed {
    /// What the number is: `dy/dx`.
    pub(super) name: String,
    pub(super) formula: String,
    pub(super) value: f64,
}

impl Closed {
    pub(super) fn new(name: impl Into<String>, formula: impl Into<String>, value: f64) -> Closed {
        Closed { name: name.into(), formula: formula.into(), value }
    }
}

/// The answers of the engines beside the closed form.
pub(super) struct Comparison {
    pub(super) answers: Vec<Answer>,
    pub(super) expected: Vec<Closed>,
}

impl Comparison {
    /// The largest difference in units in the last place of the closed form; infinite where an answer is missing.
    fn difference(&self) -> f64 {
        let of = |answer: &Answer| {
            let pairs = answer.numbers.iter().zip(&self.expected);
            let largest = pairs.map(|(&got, closed)| units(got, closed.value)).fold(0.0, f64::max);
            if answer.numbers.len() == self.expected.len() { largest } else { f64::INFINITY }
        };
        self.answers.iter().map(of).fold(0.0, f64::max)
    }

    fn agrees(&self) -> bool {
        !self.answers.is_empty() && self.difference() <= ROUNDING
    }

    fn text(&self) -> String {
        let row = |name: &str, cells: &mut dyn Iterator<Item = String>| -> Vec<String> {
            std::iter::once(name.to_owned()).chain(cells).collect()
        };
        let mut rows = vec![row("engine", &mut self.expected.iter().map(|closed| closed.name.clone()))];
        for answer in &self.answers {
            rows.push(row(answer.engine, &mut answer.numbers.iter().map(|&x| shortest(x))));
        }
        rows.push(row("expected", &mut self.expected.iter().map(|closed| shortest(closed.value))));
        rows.push(row("by the closed form", &mut self.expected.iter().map(|closed| closed.formula.clone())));
        let verdict = match (self.agrees(), self.difference()) {
            (true, 0.0) => "they agree to the last bit".to_owned(),
            (true, difference) => format!("they agree to rounding: no more than {} ulp apart", difference.ceil()),
            (false, difference) => format!("they DISAGREE: {difference} ulp apart"),
        };
        format!("{}   {verdict}\n", align(&rows, text::INDENT))
    }

    fn json(&self) -> Value {
        let engine = |answer: &Answer| json!({ "engine": answer.engine, "numbers": answer.numbers });
        let expected =
            |closed: &Closed| json!({ "name": closed.name, "formula": closed.formula, "value": closed.value });
        json!({
            "engines": self.answers.iter().map(engine).collect::<Vec<_>>(),
            "expected": self.expected.iter().map(expected).collect::<Vec<_>>(),
            "agree": self.agrees(),
        })
    }
}

/// The distance of two numbers in units in the last place of `want`.
fn units(got: f64, want: f64) -> f64 {
    if got == want {
        return 0.0;
    }
    let distance = (got - want).abs() / (want.abs().next_up() - want.abs());
    if distance.is_nan() { f64::INFINITY } else { distance }
}

impl Sheet {
    /// A sheet that begins with these words.
    pub(super) fn new(title: &str) -> Sheet {
        Sheet { text: format!("{title}\n"), ..Sheet::default() }
    }

    /// A paragraph of its own.
    pub(super) fn paragraph(&mut self, words: &str) {
        self.text += &format!("\n{words}\n");
    }

    /// A table of its own.
    pub(super) fn table(&mut self, title: &str, rows: &[Vec<String>]) {
        self.text += &format!("\n{title}\n{}", align(rows, text::INDENT));
    }

    /// Rows of equal things.
    pub(super) fn equations(&mut self, title: &str, rows: &[Vec<String>]) {
        self.text += &format!("\n{title}\n{}", text::equations(rows));
    }

    /// Lines of text, a step to the right.
    fn indented(&mut self, lines: &str) {
        self.text.push('\n');
        for line in lines.lines() {
            self.text += format!("   {line}").trim_end();
            self.text.push('\n');
        }
    }

    /// The text of a program, by its name.
    pub(super) fn source(&mut self, name: &str) {
        self.indented(&programs::source(name));
    }

    /// The text of a program, and its list.
    pub(super) fn listing(&mut self, program: &Named, list: &List) {
        self.indented(&program.source());
        self.indented(&list.to_string());
        self.lists.push(list.to_string());
    }

    /// The text of a program, and what it computes where.
    pub(super) fn program(&mut self, program: &Named, formula: &str, walk: &Walk) {
        self.indented(&program.source());
        self.paragraph(&format!("{formula}   at {}", text::point(walk)));
    }

    /// The first part: a list at a point.
    pub(super) fn primal(&mut self, list: &List, walk: &Walk) {
        self.lists.push(list.to_string());
        self.text += &text::primal(walk);
    }

    /// The other parts of reverse mode from these seeds.
    pub(super) fn reverse(&mut self, walk: &Walk, result: &str, seeds: &[f64]) {
        self.text += &text::reverse(walk, &walk.reverse(seeds), result, seeds);
    }

    /// The other parts of forward mode along this direction.
    pub(super) fn forward(&mut self, walk: &Walk, result: &str, direction: &[f64]) {
        self.text += &text::forward(walk, &walk.forward(direction), result);
    }

    /// What the executed path depended on.
    pub(super) fn branches(&mut self, branches: &[Branch]) {
        let row = |branch: &Branch| {
            let sign = match branch.relation {
                Relation::Less => "<",
                Relation::LessEqual => "<=",
                Relation::Equal => "==",
            };
            let asked = format!("{} {sign} {}", shortest(branch.values.0), shortest(branch.values.1));
            vec![asked, if branch.held { "held" } else { "did not hold" }.to_owned(), branch.location.to_string()]
        };
        let rows: Vec<Vec<String>> = branches.iter().map(row).collect();
        self.table("The comparisons on the way: what follows is the path that they led to", &rows);
    }

    /// The answers of the engines beside the closed form.
    pub(super) fn compare(&mut self, comparison: Comparison) {
        self.compare_as("Every engine, and the closed form", comparison);
    }

    /// The same below a title of its own.
    pub(super) fn compare_as(&mut self, title: &str, comparison: Comparison) {
        self.text += &format!("\n{title}\n{}", comparison.text());
        self.comparisons.push(comparison);
    }

    /// Whether all engines gave what the closed forms say.
    pub(super) fn agrees(&self) -> bool {
        !self.comparisons.is_empty() && self.comparisons.iter().all(Comparison::agrees)
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The sheet as one object.
    pub(super) fn json(&self, number: u8, name: &str) -> Value {
        json!({
            "case": number,
            "name": name,
            "lists": self.lists,
            "comparisons": self.comparisons.iter().map(Comparison::json).collect::<Vec<_>>(),
            "agree": self.agrees(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Closed, Comparison, Sheet};

    fn comparison(numbers: &[f64]) -> Comparison {
        let answers = vec![Answer { engine: "an engine", numbers: numbers.to_vec() }];
        Comparison {
            answers,
            expected: vec![Closed::new("dy/dx", "cos 1", 1f64.cos()), Closed::new("dy/dz", "0", 0.0)],
        }
    }

    #[test]
    fn rounding_is_told_from_a_wrong_answer() {
        let right = 1f64.cos();
        let rounded = comparison(&[right.next_up().next_up(), 0.0]);
        assert!(rounded.agrees() && rounded.text().contains("no more than 2 ulp apart"));
        for numbers in [&[right * (1.0 + 1e-14), 0.0][..], &[right, 1e-300], &[f64::NAN, 0.0], &[right], &[]] {
            let wrong = comparison(numbers);
            assert!(!wrong.agrees() && wrong.text().contains("DISAGREE"), "{numbers:?}");
            let mut sheet = Sheet::new("a case");
            sheet.compare(comparison(&[right, 0.0]));
            assert!(sheet.agrees());
            sheet.compare(wrong);
            assert!(!sheet.agrees(), "one wrong comparison is enough");
        }
        assert!(!Sheet::new("without a comparison").agrees());
    }
}
