//! A walk as JSON.

use super::Explanation;
use crate::number::json as number;
use crate::walk::{Line, Partial, Sweep};
use serde_json::{Map, Value, json};

/// The whole explanation as one object.
pub(super) fn json(explanation: &Explanation) -> Value {
    let Explanation { source, walk, adjoints, tangents, notes, .. } = explanation;
    let lines: Vec<Value> = walk.lines.iter().map(|line| line_json(explanation, line)).collect();
    let mut object = json!({
        "expression": source,
        "value": number(walk.outputs[0].value),
        "lines": lines,
        "output": walk.outputs[0].line.map(|output| walk.lines[output].name.as_str()),
        "adjoints": derivatives(explanation, adjoints),
        "reverse_sweep": sweep_json(explanation, adjoints),
        "gradient": gradient(explanation),
        "notes": notes,
    });
    if let Some(tangents) = tangents {
        object["tangents"] = derivatives(explanation, tangents);
        object["forward_sweep"] = sweep_json(explanation, tangents);
    }
    object
}

fn line_json(explanation: &Explanation, line: &Line) -> Value {
    let partial = |partial: &Partial| {
        json!({
            "to": explanation.walk.lines[partial.to].name,
            "formula": partial.formula,
            "value": number(partial.value),
        })
    };
    json!({
        "name": line.name,
        "operation": line.formula,
        "value": if line.is_mask { json!(line.value == 1.0) } else { number(line.value) },
        "partials": line.partials.iter().map(partial).collect::<Vec<_>>(),
        "saves": line.saves,
    })
}

fn derivatives(explanation: &Explanation, sweep: &Sweep) -> Value {
    let lines = explanation.walk.lines.iter().zip(&sweep.derivatives);
    let numbers = lines.filter(|(line, _)| !line.is_mask);
    Value::Object(numbers.map(|(line, &d)| (line.name.clone(), number(d))).collect())
}

fn gradient(explanation: &Explanation) -> Value {
    let inputs = explanation.walk.lines[..explanation.walk.inputs].iter();
    let partials = inputs.zip(&explanation.adjoints.derivatives);
    Value::Object(partials.map(|(line, &g)| (line.name.clone(), number(g))).collect::<Map<_, _>>())
}

fn sweep_json(explanation: &Explanation, sweep: &Sweep) -> Value {
    let name = |line: usize| explanation.walk.lines[line].name.as_str();
    let contributions = sweep.contributions.iter().map(|c| {
        json!({
            "from": name(c.from),
            "to": name(c.to),
            "partial": number(c.partial),
            "adds": number(c.amount),
            "sum": number(c.sum),
        })
    });
    contributions.collect()
}
