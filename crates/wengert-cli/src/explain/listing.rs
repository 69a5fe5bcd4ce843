//! The list itself instead of a walk over it: as recorded, optimised, or of the gradient.

use super::{Arguments, picture};
use crate::answer::Answer;
use crate::expression::Expression;
use crate::failure::{Failure, Outcome};
use std::path::Path;
use wengert::{List, trace};

/// Which list to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Which {
    /// As it is recorded
    Raw,
    /// After all passes: folded, simplified, without what the outputs do not need
    Optimised,
    /// Of the gradient, optimised
    Gradient,
}

/// A list to show, and what its inputs are called.
pub(super) struct Listing {
    pub(super) title: String,
    pub(super) names: Vec<String>,
    pub(super) list: List,
}

/// Prints the list, and draws it if that was asked for.
pub(super) fn run(arguments: &Arguments, which: Which) -> Outcome<Answer> {
    let listing = chosen(source(arguments)?, which)?;
    if let Some(path) = &arguments.svg {
        super::draw(&picture::of_list(&listing), path)?;
    }
    let names = listing.names.iter().enumerate().map(|(i, name)| format!("v{i} is {name}"));
    let names: Vec<String> = names.collect();
    let heading = if names.is_empty() { String::new() } else { format!("; {}\n", names.join(", ")) };
    Ok(Answer::from(format!("{heading}{}", listing.list)))
}

/// The list of the expression, or out of the file.
fn source(arguments: &Arguments) -> Outcome<Listing> {
    if let Some(path) = &arguments.from {
        return Ok(Listing { title: path.display().to_string(), names: Vec::new(), list: read(path)? });
    }
    let source = arguments.expression.as_deref().unwrap_or_default();
    let expression = Expression::parse(source)?;
    let names: Vec<String> = expression.inputs().map(ToOwned::to_owned).collect();
    Ok(Listing { title: source.to_owned(), list: trace(&expression, names.len()), names })
}

fn read(path: &Path) -> Outcome<List> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    List::parse(&text).map_err(|why| Failure::new(format!("{}: {why}", path.display())))
}

fn chosen(listing: Listing, which: Which) -> Outcome<Listing> {
    let Listing { title, names, list } = listing;
    Ok(match which {
        Which::Raw => Listing { title, names, list },
        Which::Optimised => Listing { title, names, list: list.optimise() },
        Which::Gradient => {
            let outputs = list.outputs().len();
            if outputs != 1 {
                let message = format!("cannot take the gradient of a list of {outputs} outputs: a gradient is of one");
                return Err(Failure::new(message).help("name one line behind `outputs`"));
            }
            Listing { title: format!("gradient of {title}"), names, list: list.gradient().optimise() }
        }
    })
}
