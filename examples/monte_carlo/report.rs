//! What is priced, and the tables of it.

use crate::closed;
use crate::contract::{Average, Contract, Payoff};
use crate::greeks::{digital_delta, pathwise, second};
use crate::models::{BlackScholes, Model, Parameter, point};
use crate::options::{Options, What};
use crate::simulate::{Estimate, Simulation};
use crate::table::{align, beside, cells, off};
use wengert::{grad, hessian, value_and_grad};

/// What a contract is called and how its simulation goes.
struct Task {
    title: String,
    simulation: Simulation,
    asset: usize,
    width: f64,
}

/// Prints the tables of what was asked for.
pub(crate) fn print(options: &Options, simulation: &Simulation) {
    let (model, steps) = (options.black_scholes(), options.steps as usize);
    let task =
        |title: &str, asset| Task { title: title.to_owned(), simulation: *simulation, asset, width: options.width() };
    let asked = |what| options.what == What::All || options.what == what;
    let contract = |steps, average, payoff| Contract { model, steps, average, payoff };
    if asked(What::European) {
        task("European call, Black-Scholes", 0).closed(&contract(1, Average::Last, Payoff::Call));
    }
    if asked(What::Geometric) {
        task("Asian call, geometric mean, Black-Scholes", 0).closed(&contract(steps, Average::Geometric, Payoff::Call));
    }
    if asked(What::Asian) {
        task("Asian call, Black-Scholes", 0).simulated(&contract(steps, Average::Arithmetic, Payoff::Call));
    }
    if asked(What::Heston) {
        let model = options.heston();
        let positive = if model.stays_positive() { "holds" } else { "is violated" };
        let title = format!("Asian call, Heston; the Feller condition {positive}");
        task(&title, 0).simulated(&Contract { model, steps, average: Average::Arithmetic, payoff: Payoff::Call });
    }
    if asked(What::Basket) {
        let model = options.basket();
        let title = format!("Asian call on a basket of {}", model.assets());
        task(&title, options.asset as usize - 1).simulated(&Contract {
            model,
            steps,
            average: Average::Arithmetic,
            payoff: Payoff::Call,
        });
    }
    if asked(What::Digital) {
        task("Digital call, Black-Scholes", 0).digital(&contract(1, Average::Last, Payoff::Digital));
    }
}

impl Task {
    /// A contract without a closed form.
    fn simulated<M: Model + Clone>(&self, contract: &Contract<M>) {
        self.first(contract, None);
        self.second(contract, None);
    }

    /// A call on a geometric mean, or on the last spot.
    fn closed(&self, contract: &Contract<BlackScholes>) {
        let x = point(&contract.model);
        let price = |payoff| value_and_grad(|x: &[_]| closed::geometric(x, contract.steps, payoff), &x);
        let row = |payoff| hessian(|x: &[_]| closed::geometric(x, contract.steps, payoff), &x).row(self.asset).to_vec();
        let (value, mut greeks) = price(contract.payoff);
        greeks.insert(0, value);
        self.first(contract, Some(&greeks));
        self.second(contract, Some(&[row(Payoff::Call), row(Payoff::SmoothCall(self.width))]));
    }

    fn first<M: Model>(&self, contract: &Contract<M>, closed: Option<&[f64]>) {
        let estimates = pathwise(contract, &self.simulation);
        println!("{}: {}", self.title, sizes(contract, &self.simulation));
        let mut head = strings(&["", "value", "s.e."]);
        if closed.is_some() {
            head.extend(strings(&["closed form", "off, s.e."]));
        }
        let names = std::iter::once("price".to_owned()).chain(contract.model.parameters().into_iter().map(greek));
        let mut rows = vec![head];
        for (i, (name, estimate)) in names.zip(&estimates).enumerate() {
            let mut row = [&[name][..], &cells(estimate)].concat();
            if let Some(closed) = closed {
                row.extend([beside(closed[i], estimate), off(estimate, closed[i])]);
            }
            rows.push(row);
        }
        println!("{}", align(&rows));
    }

    /// `closed` are the second derivatives themselves, and those of the smoothed payoff.
    fn second<M: Model + Clone>(&self, contract: &Contract<M>, closed: Option<&[Vec<f64>; 2]>) {
        let all = second(contract, &self.simulation, self.asset, self.width);
        let mut parameters = contract.model.parameters();
        if contract.model.assets() > 1 {
            parameters.truncate(contract.model.assets()); // gamma and the cross-gammas
        }
        println!("  second derivatives by {} and ..", parameters[self.asset].name);
        let mut head = strings(&["", "likelihood ratio", "s.e.", "smoothed", "s.e.", "its bias", "s.e.", "plain"]);
        if closed.is_some() {
            head.extend(strings(&["closed form", "smoothed, exactly"]));
        }
        let mut rows = vec![head];
        for (i, parameter) in parameters.iter().enumerate() {
            let pairs = [&all.ratio[i], &all.smooth[i], &all.bias[i]].map(cells).concat();
            let mut row = [&[parameter.name.clone()][..], &pairs, &[beside(all.plain[i].mean, &all.ratio[i])]].concat();
            if let Some(closed) = closed {
                row.extend(closed.iter().map(|row| beside(row[i], &all.smooth[i])));
            }
            rows.push(row);
        }
        println!("{}", align(&rows));
    }

    fn digital(&self, contract: &Contract<BlackScholes>) {
        let x = point(&contract.model);
        let (value, exact) = value_and_grad(|x: &[_]| closed::geometric(x, contract.steps, contract.payoff), &x);
        let smooth = grad(|x: &[_]| closed::geometric(x, contract.steps, Payoff::SmoothDigital(self.width)), &x);
        let (price, delta) = (pathwise(contract, &self.simulation)[0], {
            digital_delta(contract, &self.simulation, self.asset, self.width)
        });
        println!("{}: {}", self.title, sizes(contract, &self.simulation));
        let row = |name: &str, estimate: &Estimate, truth: f64| {
            [&[name.to_owned()][..], &cells(estimate), &[beside(truth, estimate), off(estimate, truth)]].concat()
        };
        let rows = [
            strings(&["", "value", "s.e.", "closed form", "off, s.e."]),
            row("price", &price, value),
            row("delta, pathwise", &delta.pathwise, exact[0]),
            row("delta, likelihood ratio", &delta.ratio, exact[0]),
            row("delta, smoothed", &delta.smooth, exact[0]),
            row("the bias of that", &delta.bias, smooth[0] - exact[0]),
        ];
        println!("{}", align(&rows));
    }
}

fn sizes<M: Model>(contract: &Contract<M>, simulation: &Simulation) -> String {
    let steps = if contract.steps == 1 { "1 step".to_owned() } else { format!("{} steps", contract.steps) };
    format!("{} paths of {steps}, {} parameters", simulation.paths, contract.model.parameters().len())
}

fn greek(parameter: Parameter) -> String {
    format!("{} (by {} = {:.4})", parameter.greek, parameter.name, parameter.value)
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
