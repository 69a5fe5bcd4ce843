//! What was asked for: times over that of the C++ primal.

use wengert_bench::gradbench::instances::Size;

/// The most that the function and its derivative may take, over the C++ primal.
#[derive(Default)]
pub struct Targets {
    /// Of the function.
    pub primal: Option<f64>,
    /// Of the derivative.
    pub derivative: Option<f64>,
}

impl Targets {
    /// With AVX-512.
    pub fn wide(size: &Size) -> Targets {
        let derivative = match size {
            Size::Gmm { d: 2, .. } => 0.4,
            Size::Gmm { d: 64, .. } => 0.55,
            Size::Gmm { .. } | Size::Lstm { .. } | Size::Lse { .. } => 0.5,
            Size::Ba { .. } => 2.5,
            Size::Kmeans { .. } => 0.9,
            Size::Llsq { .. } => 0.6,
            Size::Ode { .. } => 2.0,
        };
        let primal = match size {
            Size::Gmm { .. } => Some(0.2),
            Size::Ode { .. } => Some(1.0),
            Size::Lstm { .. } | Size::Ba { .. } | Size::Kmeans { .. } | Size::Lse { .. } | Size::Llsq { .. } => None,
        };
        Targets { primal, derivative: Some(derivative) }
    }

    /// With AVX2.
    pub fn avx2(size: &Size) -> Targets {
        let derivative = match size {
            Size::Gmm { d: 2, .. } | Size::Lstm { .. } => Some(0.6),
            Size::Gmm { d: 64, .. } => Some(0.8),
            Size::Gmm { .. } => Some(0.7),
            Size::Ba { .. } => Some(2.8),
            Size::Kmeans { .. } | Size::Lse { .. } | Size::Llsq { .. } | Size::Ode { .. } => None,
        };
        Targets { primal: None, derivative }
    }
}
