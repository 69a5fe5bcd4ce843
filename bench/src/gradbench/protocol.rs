//! One JSON object per line, and a reply to each.

use super::{input::Input, modules, open};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

/// Answers the messages of `input` until it ends; an error where a line is no message.
pub fn serve(input: impl BufRead, mut output: impl Write) -> Result<(), String> {
    for (i, line) in input.lines().enumerate() {
        let broken = |why: &dyn std::fmt::Display| format!("cannot read line {} of the input: {why}", i + 1);
        let line = line.map_err(|why| broken(&why))?;
        let message = parse(&line).map_err(|why| broken(&format!("it is no JSON ({why}); give an object per line")))?;
        let id = message.get("id").filter(|id| id.is_i64() || id.is_u64());
        let id = id.ok_or_else(|| broken(&"it has no whole number `id`, so nothing can be replied; give it one"))?;
        let mut reply = reply(&message);
        reply["id"] = id.clone();
        writeln!(output, "{reply}")
            .and_then(|()| output.flush())
            .map_err(|why| format!("cannot write a reply: {why}"))?;
    }
    Ok(())
}

/// What a line holds. NaN and infinities, which JSON has not, become texts, so that the reply can say where they stand.
fn parse(line: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(line).or_else(|why| serde_json::from_str(&quoted(line)).map_err(|_| why))
}

/// The line with every number that is not finite as a text.
fn quoted(line: &str) -> String {
    let is_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => end_of_text(rest),
            _ if is_number(first) => rest.find(|c| !is_number(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(end);
        let is_finite = token.parse().is_ok_and(f64::is_finite);
        let is_other = token.parse::<f64>().is_err();
        text += &if is_finite || is_other { token.to_owned() } else { format!("\"{token}\"") };
        rest = behind;
    }
    text
}

/// Where the text ends that `rest` begins with.
fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return i + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}

fn reply(message: &Value) -> Value {
    match message["kind"].as_str() {
        Some("start") => json!({"tool": "wengert"}),
        Some("define") => json!({"success": modules().any(|module| message["module"] == module)}),
        Some("evaluate") => evaluated(message),
        _ => json!({}),
    }
}

fn evaluated(message: &Value) -> Value {
    let result =
        text(message, "module").and_then(|module| evaluate(module, text(message, "function")?, &message["input"]));
    match result {
        Ok((output, timings)) => {
            let timing = |(name, time): &(&str, Duration)| json!({"name": name, "nanoseconds": time.as_nanos() as u64});
            let timings: Vec<Value> = timings.iter().map(timing).collect();
            json!({"success": true, "output": output, "timings": timings})
        }
        Err(why) => json!({"success": false, "error": why}),
    }
}

fn text<'a>(message: &'a Value, key: &str) -> Result<&'a str, String> {
    let text = message[key].as_str();
    text.ok_or_else(|| format!("cannot evaluate: the message has no text `{key}`; give it"))
}

/// What was done, and how long it took.
pub type Timings = Vec<(&'static str, Duration)>;

/// The output of a function of a module, and how long it took: `prepare` once, and `evaluate` for every run.
pub fn evaluate(module: &str, function: &str, input: &Value) -> Result<(Value, Timings), String> {
    let unprepared = open(module, function, input)?;
    let failed = |why| format!("cannot evaluate `{function}` of {module}: {why}");
    let (min_runs, min_time) = least(input).map_err(failed)?;
    let start = Instant::now();
    let mut job = unprepared.prepare();
    let mut timings = vec![("prepare", start.elapsed())];
    let mut elapsed = Duration::ZERO;
    while (timings.len() - 1) < min_runs || elapsed < min_time {
        let start = Instant::now();
        job.run().map_err(failed)?;
        let time = start.elapsed();
        elapsed += time;
        timings.push(("evaluate", time));
    }
    Ok((job.output().map_err(failed)?, timings))
}

/// How often and how long a function is repeated at the least; once, where nothing is said.
fn least(input: &Value) -> Result<(usize, Duration), String> {
    let fields = Input::new(input);
    let min_runs = if input.get("min_runs").is_some() { fields.count("min_runs", 0)?.max(1) } else { 1 };
    let seconds = if input.get("min_seconds").is_some() { fields.number("min_seconds")? } else { 0.0 };
    let min_time = Duration::try_from_secs_f64(seconds);
    let min_time = min_time.map_err(|_| format!("`min_seconds` is {seconds}; give a number from 0 up"))?;
    Ok((min_runs, min_time))
}
