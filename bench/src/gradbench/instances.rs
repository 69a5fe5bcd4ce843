//! Inputs of the suite's shapes, of any size, the same in every run.

use crate::random::Random;
use serde_json::{Value, json};

/// A size of an eval, in the suite's letters.
#[allow(missing_docs, reason = "each variant says what its fields are, in order")]
#[derive(Clone, Debug, PartialEq)]
pub enum Size {
    /// Dimensions, components, points.
    Gmm { d: usize, k: usize, n: usize },
    /// Layers, characters.
    Lstm { l: usize, c: usize },
    /// Cameras, points, observations.
    Ba { n: usize, m: usize, p: usize },
    /// Centroids, points, dimensions.
    Kmeans { k: usize, n: usize, d: usize },
    /// Numbers.
    Lse { n: usize },
    /// Samples, coefficients.
    Llsq { n: usize, m: usize },
    /// Components, steps.
    Ode { n: usize, s: usize },
}

/// The sizes that are compared with others.
pub const SIZES: [Size; 20] = [
    Size::Gmm { d: 2, k: 5, n: 1000 },
    Size::Gmm { d: 10, k: 25, n: 1000 },
    Size::Gmm { d: 20, k: 50, n: 1000 },
    Size::Gmm { d: 64, k: 25, n: 1000 },
    Size::Lstm { l: 2, c: 1024 },
    Size::Lstm { l: 4, c: 4096 },
    Size::Ba { n: 49, m: 7776, p: 31843 },
    Size::Ba { n: 1197, m: 126327, p: 563734 },
    Size::Kmeans { k: 10, n: 1000, d: 8 },
    Size::Kmeans { k: 100, n: 1000, d: 16 },
    Size::Kmeans { k: 100, n: 10000, d: 16 },
    Size::Lse { n: 2500 },
    Size::Lse { n: 80000 },
    Size::Lse { n: 1_280_000 },
    Size::Llsq { n: 64, m: 128 },
    Size::Llsq { n: 1024, m: 128 },
    Size::Llsq { n: 16392, m: 128 },
    Size::Ode { n: 1000, s: 10 },
    Size::Ode { n: 100, s: 100 },
    Size::Ode { n: 10000, s: 100 },
];

impl Size {
    /// The module of the eval.
    pub fn module(&self) -> &'static str {
        match self {
            Size::Gmm { .. } => "gmm",
            Size::Lstm { .. } => "lstm",
            Size::Ba { .. } => "ba",
            Size::Kmeans { .. } => "kmeans",
            Size::Lse { .. } => "lse",
            Size::Llsq { .. } => "llsq",
            Size::Ode { .. } => "ode",
        }
    }

    /// The function and its derivative, as the protocol names them.
    pub fn functions(&self) -> [&'static str; 2] {
        match self {
            Size::Gmm { .. } | Size::Lstm { .. } | Size::Ba { .. } => ["objective", "jacobian"],
            Size::Kmeans { .. } => ["cost", "dir"],
            Size::Lse { .. } | Size::Llsq { .. } | Size::Ode { .. } => ["primal", "gradient"],
        }
    }

    /// The size in the suite's words, as its files are named.
    pub fn name(&self) -> String {
        match self {
            Size::Gmm { d, k, n } => format!("d{d}_k{k}_n{n}"),
            Size::Lstm { l, c } => format!("l{l}_c{c}"),
            Size::Ba { n, m, p } => format!("n{n}_m{m}_p{p}"),
            Size::Kmeans { k, n, d } => format!("k{k}_n{n}_d{d}"),
            Size::Lse { n } => format!("n{n}"),
            Size::Llsq { n, m } => format!("n{n}_m{m}"),
            Size::Ode { n, s } => format!("n{n}_s{s}"),
        }
    }

    /// An input of this size.
    pub fn input(&self) -> Value {
        let mut random = Random(1);
        match *self {
            Size::Gmm { d, k, n } => json!({
                "d": d, "k": k, "n": n, "m": 0, "gamma": 1.0,
                "alpha": random.normals(k),
                "mu": table(k, || random.uniforms(d)),
                "q": table(k, || random.normals(d)),
                "l": table(k, || random.normals(d * (d - 1) / 2)),
                "x": table(n, || random.normals(d)),
            }),
            Size::Lstm { l, c } => json!({
                "main_params": table(2 * l, || random.uniforms(4 * CELLS)),
                "extra_params": table(3, || random.uniforms(CELLS)),
                "state": table(2 * l, || random.uniforms(CELLS)),
                "sequence": table(c, || random.uniforms(CELLS).iter().map(|u| f64::from(u8::from(*u < 0.3))).collect()),
            }),
            Size::Ba { n, m, p } => json!({
                "n": n, "m": m, "p": p, "cam": CAMERA, "x": [7.0, 0.1, 3.0], "w": 0.4, "feat": [270.0, 830.0],
            }),
            Size::Kmeans { k, n, d } => json!({
                "points": table(n, || random.uniforms(d)),
                "centroids": table(k, || random.uniforms(d)),
            }),
            Size::Lse { n } => json!({"x": random.uniforms(n)}),
            Size::Llsq { n, m } => json!({"x": random.uniforms(m), "n": n}),
            Size::Ode { n, s } => json!({"x": random.uniforms(n), "s": s}),
        }
    }
}

/// The cells of a layer, which are the bits of a character.
const CELLS: usize = 14;

/// Rotation, centre, focal length, principal point, radial distortion.
const CAMERA: [f64; 11] = [-0.8, -1.1, -0.8, 34.0, 40.0, 54.0, 420.0, 5.9, -8.5, 0.09, 0.003];

fn table(rows: usize, mut row: impl FnMut() -> Vec<f64>) -> Vec<Vec<f64>> {
    (0..rows).map(|_| row()).collect()
}
