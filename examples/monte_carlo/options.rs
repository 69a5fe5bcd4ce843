//! What the command line says.

use crate::models::{Basket, BlackScholes, Heston};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Prices and all Greeks of options by Monte Carlo.
#[derive(Clone, Debug, Parser)]
#[command(allow_negative_numbers = true)]
pub(crate) struct Options {
    /// What to price
    #[arg(value_enum, default_value = "all")]
    pub(crate) what: What,
    /// Number of paths; a debug build, which is slow, takes 400 where nothing is said
    #[arg(long, default_value_t = if cfg!(debug_assertions) { 400 } else { 10_000 }, value_parser = clap::value_parser!(u64).range(100..=1_000_000_000))]
    pub(crate) paths: u64,
    /// Steps of a path, after each of which the average looks at the spot
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) steps: u64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads; the results do not depend on it [default: as many as there are cores]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) threads: Option<u64>,
    /// Spot
    #[arg(long, default_value_t = 100.0, value_parser = positive)]
    spot: f64,
    /// Strike
    #[arg(long, default_value_t = 100.0, value_parser = positive)]
    strike: f64,
    /// Volatility; of Heston, the square root of both v0 and theta
    #[arg(long, default_value_t = 0.2, value_parser = positive)]
    volatility: f64,
    /// Interest rate, continuously compounded
    #[arg(long, default_value_t = 0.03, value_parser = finite)]
    rate: f64,
    /// Dividend yield, continuously compounded; the basket has none
    #[arg(long, default_value_t = 0.01, value_parser = finite)]
    dividend: f64,
    /// Years to maturity
    #[arg(long, default_value_t = 1.0, value_parser = positive)]
    maturity: f64,
    /// xi of Heston, the volatility of the variance
    #[arg(long, default_value_t = 0.3, value_parser = positive)]
    vol_of_vol: f64,
    /// Assets of the basket
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    assets: u64,
    /// By which asset of the basket second derivatives are taken
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) asset: u64,
    /// Width of the smoothed payoffs, as a part of the strike
    #[arg(long, default_value_t = 0.01, value_parser = positive)]
    width: f64,
    /// Draws gamma over the spot, by every way to it, into this SVG file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// What can be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// All of these
    All,
    /// A call on the spot at maturity, Black-Scholes
    European,
    /// A call on the geometric mean, Black-Scholes
    Geometric,
    /// A call on the arithmetic mean, Black-Scholes
    Asian,
    /// A call on the arithmetic mean, Heston
    Heston,
    /// A call on the arithmetic mean of a basket
    Basket,
    /// One unit if the spot ends above the strike, Black-Scholes
    Digital,
}

impl Options {
    pub(crate) fn black_scholes(&self) -> BlackScholes {
        BlackScholes {
            spot: self.spot,
            rate: self.rate,
            dividend: self.dividend,
            volatility: self.volatility,
            maturity: self.maturity,
            strike: self.strike,
        }
    }

    pub(crate) fn heston(&self) -> Heston {
        Heston {
            spot: self.spot,
            rate: self.rate,
            dividend: self.dividend,
            variance: self.volatility.powi(2),
            reversion: 2.0,
            level: self.volatility.powi(2),
            vol_of_vol: self.vol_of_vol,
            correlation: -0.7,
            maturity: self.maturity,
            strike: self.strike,
        }
    }

    pub(crate) fn basket(&self) -> Basket {
        Basket::graded(self.assets as usize, self.spot, self.volatility, self.rate, self.maturity, self.strike)
    }

    /// The width of the smoothed payoffs, in money.
    pub(crate) fn width(&self) -> f64 {
        self.width * self.strike
    }

    /// What clap cannot see: that the asset is one of the basket.
    pub(crate) fn check(self) -> Result<Options, clap::Error> {
        if self.asset <= self.assets {
            return Ok(self);
        }
        let why = format!("--asset {} is not one of the basket: it has {} (--assets)", self.asset, self.assets);
        Err(<Options as clap::CommandFactory>::command().error(clap::error::ErrorKind::ValueValidation, why))
    }
}

fn finite(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number.is_finite() { Ok(number) } else { Err("not a finite number".to_owned()) }
}

fn positive(text: &str) -> Result<f64, String> {
    finite(text).and_then(|number| if number > 0.0 { Ok(number) } else { Err("not above 0".to_owned()) })
}
