//! A function that is ready to be repeated.

use serde_json::Value;
use std::hint::black_box;

/// A function at an input, ready to run: only what [`run`](Job::run) does is the evaluation that is timed.
pub struct Job(Box<dyn Repeat>);

trait Repeat {
    fn run(&mut self) -> Result<(), String>;
    fn output(&self) -> Value;
}

struct Of<T, F, S> {
    answer: T,
    run: F,
    shape: S,
}

impl<T, F: FnMut(&mut T) -> wengert::Result<()>, S: Fn(&T) -> Value> Repeat for Of<T, F, S> {
    fn run(&mut self) -> Result<(), String> {
        (self.run)(black_box(&mut self.answer)).map_err(|why| why.to_string())
    }

    fn output(&self) -> Value {
        (self.shape)(&self.answer)
    }
}

impl Job {
    /// Of `run`, which fills the answer anew each time, and `shape`, which makes of it what the suite expects.
    pub fn new<T: 'static>(
        answer: T,
        run: impl FnMut(&mut T) -> wengert::Result<()> + 'static,
        shape: impl Fn(&T) -> Value + 'static,
    ) -> Job {
        Job(Box::new(Of { answer, run, shape }))
    }

    /// Evaluates once.
    pub fn run(&mut self) -> Result<(), String> {
        self.0.run()
    }

    /// What the last run gave, as the suite expects it; an error where a number is not finite.
    pub fn output(&self) -> Result<Value, String> {
        let output = self.0.output();
        match not_finite(&output) {
            None => Ok(output),
            Some(place) => Err(format!("the output{place} is not finite, which JSON cannot say; change the input")),
        }
    }
}

/// Where in a JSON value stands what was NaN or infinite.
fn not_finite(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Array(values) => {
            values.iter().enumerate().find_map(|(i, value)| Some(format!("[{i}]{}", not_finite(value)?)))
        }
        Value::Object(fields) => fields.iter().find_map(|(key, value)| Some(format!(".{key}{}", not_finite(value)?))),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
