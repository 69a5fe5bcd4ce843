//! What a fit found, as text and as JSON.

use super::Fit;
use super::point::GRADIENT;
use crate::number::shortest;
use crate::table::align;
use serde_json::{Map, Value, json};

/// Digits of an estimate that are printed: as many as the data of a laboratory can ever bear.
const DIGITS: usize = 11;

/// One JSON object, with all digits.
pub(super) fn json(fit: &Fit) -> String {
    let estimates = fit.names.iter().zip(&fit.estimates).enumerate();
    let estimates: Map<String, Value> =
        estimates.map(|(j, (name, value))| (name.clone(), json!({ "value": value, "stderr": fit.error(j) }))).collect();
    let [residuals, jacobians, hessians] = fit.evaluations;
    let object = json!({
        "estimates": estimates,
        "rss": fit.rss,
        "dof": fit.dof,
        "converged": fit.verdict.converged(),
        "termination": fit.verdict.name(),
        "gradient": { "scaled": fit.gradient, "tolerance": GRADIENT },
        "evaluations": { "residuals": residuals, "jacobians": jacobians, "hessians": hessians },
    });
    format!("{object}\n")
}

/// The estimates and what else one wants to know.
pub(super) fn text(fit: &Fit) -> String {
    let [residuals, jacobians, hessians] = fit.evaluations;
    let outcome = if fit.verdict.converged() { "converged" } else { "not converged" };
    let rows = [
        ["residual sum of squares".to_owned(), digits(fit.rss)],
        ["degrees of freedom".to_owned(), fit.dof.to_string()],
        ["evaluations of the model".to_owned(), residuals.to_string()],
        ["of its Jacobian".to_owned(), jacobians.to_string()],
        ["of its second derivatives".to_owned(), hessians.to_string()],
    ];
    let rest = align(&rows.map(Vec::from), 0);
    format!("{}\n{rest}\n{outcome}: {}\n", align(&estimates(fit), 0), fit.verdict.sentence(&fit.names))
}

fn estimates(fit: &Fit) -> Vec<Vec<String>> {
    let error = |j| fit.error(j).map_or("unknown".to_owned(), digits);
    let row = |(j, name): (usize, &String)| vec![name.clone(), digits(fit.estimates[j]), error(j)];
    let head = ["parameter", "estimate", "standard error"].map(str::to_owned).to_vec();
    std::iter::once(head).chain(fit.names.iter().enumerate().map(row)).collect()
}

fn digits(x: f64) -> String {
    shortest(format!("{x:.*e}", DIGITS - 1).parse().unwrap_or(x))
}
