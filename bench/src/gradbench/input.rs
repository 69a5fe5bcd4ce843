//! Reading the input of an evaluate message.

use serde_json::Value;

/// The input of an evaluate message: an object, or a number alone.
pub struct Input<'a>(&'a Value);

/// The most copies of what is copied: an index of them has 32 bits, and they are to fit into memory.
const MOST_COPIES: usize = 100_000_000;

/// Rows of equal length, one after the other.
pub struct Table {
    /// The numbers.
    pub numbers: Vec<f64>,
    /// How many rows.
    pub rows: usize,
    /// How long each is.
    pub width: usize,
}

impl<'a> Input<'a> {
    /// What `input` holds.
    pub fn new(input: &'a Value) -> Self {
        Input(input)
    }

    /// The input that is a number itself.
    pub fn alone(&self) -> Result<f64, String> {
        finite(self.0).map_err(|why| format!("the input is {why}; give a number"))
    }

    /// A number.
    pub fn number(&self, key: &str) -> Result<f64, String> {
        finite(self.field(key)?).map_err(|why| format!("`{key}` is {why}; give a number"))
    }

    /// A count, at least `least`.
    pub fn count(&self, key: &str, least: usize) -> Result<usize, String> {
        let value = self.field(key)?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        let count = count.filter(|count| *count >= least);
        count.ok_or_else(|| format!("`{key}` is {}; give a whole number from {least} up", brief(value)))
    }

    /// A count of things that take memory, at least 1.
    pub fn copies(&self, key: &str) -> Result<usize, String> {
        let copies = self.count(key, 1)?;
        if copies > MOST_COPIES {
            return Err(format!("`{key}` is {copies}; give {MOST_COPIES} at the most"));
        }
        Ok(copies)
    }

    /// A list of at least `least` numbers.
    pub fn list(&self, key: &str, least: usize) -> Result<Vec<f64>, String> {
        let list = numbers(self.field(key)?, key)?;
        at_least(key, "numbers", list.len(), least)?;
        Ok(list)
    }

    /// A list of `len` numbers, which is the size `of`.
    pub fn list_of(&self, key: &str, len: usize, of: &str) -> Result<Vec<f64>, String> {
        let list = self.list(key, 0)?;
        expect(key, "numbers", list.len(), len, of)?;
        Ok(list)
    }

    /// At least `least` lists of equal length, which is not 0.
    pub fn table(&self, key: &str, least: usize) -> Result<Table, String> {
        let table = self.any_table(key)?;
        at_least(key, "lists", table.rows, least)?;
        if table.rows > 0 {
            at_least(&format!("{key}[0]"), "numbers", table.width, 1)?;
        }
        Ok(table)
    }

    fn any_table(&self, key: &str) -> Result<Table, String> {
        let Value::Array(lists) = self.field(key)? else {
            return Err(format!("`{key}` is {}; give a list of lists", brief(self.field(key)?)));
        };
        let mut table = Table { numbers: Vec::new(), rows: lists.len(), width: 0 };
        for (i, list) in lists.iter().enumerate() {
            let row = numbers(list, &format!("{key}[{i}]"))?;
            if i == 0 {
                table.width = row.len();
            }
            expect(&format!("{key}[{i}]"), "numbers", row.len(), table.width, "as the first has")?;
            table.numbers.extend(row);
        }
        Ok(table)
    }

    /// `rows` lists of `width` numbers, which are the sizes `of`.
    pub fn table_of(&self, key: &str, rows: usize, width: usize, of: &str) -> Result<Vec<f64>, String> {
        let table = self.any_table(key)?;
        expect(key, "lists", table.rows, rows, of)?;
        if rows > 0 {
            expect(&format!("{key}[0]"), "numbers", table.width, width, of)?;
        }
        Ok(table.numbers)
    }

    fn field(&self, key: &str) -> Result<&'a Value, String> {
        let Value::Object(fields) = self.0 else {
            return Err(format!("the input is {}; give an object with `{key}`", brief(self.0)));
        };
        fields.get(key).ok_or_else(|| format!("the input has no `{key}`; give it"))
    }
}

fn numbers(value: &Value, name: &str) -> Result<Vec<f64>, String> {
    let Value::Array(values) = value else {
        return Err(format!("`{name}` is {}; give a list of numbers", brief(value)));
    };
    let number = |(i, value)| finite(value).map_err(|why| format!("`{name}[{i}]` is {why}; give a number"));
    values.iter().enumerate().map(number).collect()
}

fn finite(value: &Value) -> Result<f64, String> {
    let number = value.as_f64().ok_or_else(|| brief(value))?;
    if number.is_finite() { Ok(number) } else { Err(number.to_string()) }
}

fn at_least(name: &str, what: &str, given: usize, least: usize) -> Result<(), String> {
    if given >= least {
        return Ok(());
    }
    Err(format!("`{name}` has {given} {what}; give {least} or more"))
}

fn expect(name: &str, what: &str, given: usize, wanted: usize, of: &str) -> Result<(), String> {
    if given == wanted {
        return Ok(());
    }
    Err(format!("`{name}` has {given} {what}, not {wanted} ({of}); give {wanted}"))
}

/// What a value is, in a few words.
fn brief(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("the text {:?}", text.chars().take(20).collect::<String>()),
        Value::Array(values) => format!("a list of {}", values.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}
