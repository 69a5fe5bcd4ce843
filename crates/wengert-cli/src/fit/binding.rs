//! What the names of a model stand for: columns of the data, or parameters with a start.

use super::data::{Data, count, list};
use super::problem::{Problem, Source};
use crate::expression::{self, Assignment, Expression, nearest};
use crate::failure::{Failure, Outcome};

/// The option that gives the parameters and where the search for them begins.
const START: &str = "--start";

/// A fit as it was asked for.
pub(super) struct Request<'a> {
    /// The model as written.
    pub(super) source: &'a str,
    /// The model.
    pub(super) model: &'a Expression,
    /// The table.
    pub(super) data: &'a Data,
    /// The column to explain, or an expression of columns.
    pub(super) response: &'a str,
    /// The texts of the option `--start`.
    pub(super) start: &'a [String],
}

impl Request<'_> {
    /// The problem, and where the search begins.
    ///
    /// # Errors
    /// If a name of the model is neither a column nor a parameter, or both; if there is no parameter, or more than
    /// rows; if a cell that is needed is not a finite number.
    pub(super) fn bind(&self) -> Outcome<(Problem, Vec<f64>)> {
        self.check_response()?;
        self.check_constants()?;
        let start = self.start()?;
        let mut columns = Vec::new();
        let mut sources = Vec::new();
        for (i, name) in self.model.inputs().enumerate() {
            sources.push(self.source(i, name, &start, &mut columns)?);
        }
        self.check_size(&start)?;
        let problem = Problem {
            model: self.model.clone(),
            sources,
            parameters: start.iter().map(|assignment| assignment.name.clone()).collect(),
            columns: columns.into_iter().map(|column| self.data.column(column)).collect::<Outcome<_>>()?,
            response: self.response()?,
        };
        Ok((problem, start.iter().map(|assignment| assignment.value).collect()))
    }

    /// A model that reads what it is to explain explains it by itself.
    fn check_response(&self) -> Outcome<()> {
        match self.model.inputs().position(|name| name == self.response) {
            Some(i) => Err(self.model.input_failure(
                i,
                format!("the model reads `{}`, the column that it is to explain", self.response),
                "write the right-hand side alone: a + b*x for y = a + b*x",
            )),
            None => Ok(()),
        }
    }

    /// A column that is called like a constant would be passed over in silence.
    fn check_constants(&self) -> Outcome<()> {
        let is_constant = |name: &&str| Expression::parse(name).is_ok_and(|e| is_name(name) && e.inputs().len() == 0);
        let is_read = |name: &&str| self.words().any(|word| word == *name);
        match self.data.names().find(|name| is_read(name) && is_constant(name)) {
            Some(name) => Err(Failure::new(format!(
                "`{name}` is a constant in the model, and a column of {}",
                self.data.origin()
            ))
            .help("rename the column in the first line")),
            None => Ok(()),
        }
    }

    /// The words of the model.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.source.split(|c: char| !c.is_alphanumeric() && c != '_')
    }

    /// The parameters: all assignments, each of a name of the model that is no column, none twice.
    fn start(&self) -> Outcome<Vec<Assignment>> {
        let mut all: Vec<Assignment> = Vec::new();
        for text in self.start.iter().filter(|text| !text.trim().is_empty()) {
            for assignment in expression::assignments(START, text)? {
                self.check_start(text, &assignment, &all)?;
                all.push(assignment);
            }
        }
        Ok(all)
    }

    fn check_start(&self, text: &str, assignment: &Assignment, earlier: &[Assignment]) -> Outcome<()> {
        let name = &assignment.name;
        let wrong =
            |message: String, label: String| Err(Failure::new(message).at(START, text, assignment.span.clone(), label));
        if earlier.iter().any(|other| other.name == *name) {
            return wrong(format!("`{name}` has two values"), "given again here".to_owned());
        }
        if self.data.find(name).is_some() {
            let message = format!("`{name}` is a column of {} and cannot be a parameter", self.data.origin());
            return wrong(message, "only parameters have a start; rename the one or the other".to_owned());
        }
        if self.model.inputs().any(|input| input == name) {
            return Ok(());
        }
        let parameters = || self.model.inputs().filter(|input| self.data.find(input).is_none());
        let label = match nearest(name, parameters()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the names that it has beside the columns: {}", list(parameters())),
        };
        wrong(format!("the model has no parameter `{name}`"), label)
    }

    fn source(&self, i: usize, name: &str, start: &[Assignment], columns: &mut Vec<usize>) -> Outcome<Source> {
        if let Some(parameter) = start.iter().position(|assignment| assignment.name == name) {
            return Ok(Source::Parameter(parameter));
        }
        let column = self.data.find(name).ok_or_else(|| self.unbound(i, name))?;
        columns.push(column);
        Ok(Source::Column(columns.len() - 1))
    }

    fn unbound(&self, i: usize, name: &str) -> Box<Failure> {
        let message = format!("`{name}` is no column of {} and has no start", self.data.origin());
        let failure = self.model.input_failure(i, message, "a column or a parameter?");
        let failure = failure.help(format!("a parameter needs a value where the search begins: {START} {name}=1"));
        failure.help(match nearest(name, self.data.names()) {
            Some(near) => format!("a column of a similar name is `{near}`"),
            None => format!("the columns are {}", list(self.data.names())),
        })
    }

    fn check_size(&self, start: &[Assignment]) -> Outcome<()> {
        let (rows, parameters) = (self.data.rows(), start.len());
        if parameters == 0 {
            let failure = Failure::new("the model has no parameters to fit");
            return Err(failure.help(format!("name what is to be found and where to begin: {START} a=1,b=2")));
        }
        if rows < parameters {
            let message = format!(
                "cannot find {} from {} of {}: as many rows are needed at least",
                count(parameters, "parameter"),
                count(rows, "row"),
                self.data.origin()
            );
            return Err(Failure::new(message).help("fit a model with fewer parameters, or add rows"));
        }
        Ok(())
    }

    /// The response: a column, or an expression of columns such as `ln(y)`.
    fn response(&self) -> Outcome<Vec<f64>> {
        if let Some(column) = self.data.find(self.response) {
            return self.data.column(column);
        }
        let expression = Expression::parse(self.response).map_err(|failure| match is_name(self.response) {
            true => self.data.unknown(self.response),
            false => failure,
        })?;
        let mut columns = Vec::new();
        for name in expression.inputs() {
            let column = self.data.find(name).ok_or_else(|| self.data.unknown(name))?;
            columns.push(self.data.column(column)?);
        }
        self.computed(&expression, &columns)
    }

    /// An expression of columns, row by row.
    fn computed(&self, expression: &Expression, columns: &[Vec<f64>]) -> Outcome<Vec<f64>> {
        let (mut repeated, mut inputs) = (expression.repeated(), vec![0.0; columns.len()]);
        let row = |i: usize| {
            inputs.iter_mut().zip(columns).for_each(|(input, column)| *input = column[i]);
            let value: f64 = repeated.call(&inputs);
            if value.is_finite() {
                return Ok(value);
            }
            let place = self.data.place(i);
            Err(Failure::new(format!("cannot compute `{}`: it is {value} in {place}", self.response)))
        };
        (0..self.data.rows()).map(row).collect()
    }
}

/// Whether the text is one word, and so was not meant as a formula.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_' || c.is_whitespace())
}
