//! ba: bundle adjustment, where cameras see points against where they should.

use super::{Csr, Eval, Input, Job, ends, sparse_jacobian, value};
use serde_json::json;
use wengert::{Function, Real, Rows};

/// The features seen, by which camera and of which point; cameras of 11 numbers, points and weights, all in one.
pub struct Ba {
    features: Vec<f64>,
    seen: [Vec<u32>; 2],
    sizes: [usize; 2],
    inputs: Vec<f64>,
}

/// Rodrigues' formula; its first-order form where there is no rotation.
fn rotate<R: Real>(w: &[R], x: [R; 3]) -> [R; 3] {
    let cross = |w: [R; 3]| [w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2], w[0] * x[1] - w[1] * x[0]];
    let square = w[0] * w[0] + w[1] * w[1] + w[2] * w[2];
    let angle = square.sqrt();
    let (sine, cosine) = angle.sin_cos();
    let axis = [w[0] / angle, w[1] / angle, w[2] / angle];
    let along = (axis[0] * x[0] + axis[1] * x[1] + axis[2] * x[2]) * (-cosine + 1.0);
    let (turned, nearly) = (cross(axis), cross([w[0], w[1], w[2]]));
    let exact = |i: usize| x[i] * cosine + turned[i] * sine + axis[i] * along;
    std::array::from_fn(|i| R::select(square.is_eq(R::lit(0.0)), x[i] + nearly[i], exact(i)))
}

impl Function for Ba {
    type Output<R: Real> = (Vec<[R; 2]>, Vec<R>);
    fn call<R: Real>(&self, inputs: &[R]) -> (Vec<[R; 2]>, Vec<R>) {
        let (cameras, rest) = inputs.split_at(11 * self.sizes[0]);
        let (points, weights) = rest.split_at(3 * self.sizes[1]);
        let rows = Rows::new(weights.len()).gather(cameras, 11, &self.seen[0]).gather(points, 3, &self.seen[1]);
        let [u, v] = R::map_rows(&rows.vary(weights, 1).data(&self.features, 2), |row| {
            let (camera, point, weight, feature) = (&row[..11], &row[11..14], row[14], &row[15..]);
            let x = rotate(&camera[..3], std::array::from_fn(|i| point[i] - camera[3 + i]));
            let image = [x[0] / x[2], x[1] / x[2]];
            let r2 = image[0] * image[0] + image[1] * image[1];
            // In the suite's matrix each residual has an entry, of 0, for the other coordinate of the centre.
            let zero = |other: R| R::select(other.is_eq(other), R::lit(0.0), other);
            let scale = (camera[9] * r2 + camera[10] * r2 * r2 + 1.0) * camera[6];
            std::array::from_fn(|i| weight * (image[i] * scale + camera[7 + i] + zero(camera[8 - i]) - feature[i]))
        });
        let [errors] = R::map_rows(&Rows::new(weights.len()).vary(weights, 1), |row| [-row[0] * row[0] + 1.0]);
        (u.into_iter().zip(v).map(|(u, v)| [u, v]).collect(), errors)
    }
}

impl Eval for Ba {
    const PRIMAL: &'static str = "objective";
    const DERIVATIVE: &'static str = "jacobian";

    fn read(input: &Input) -> Result<Self, String> {
        let [n, m, p] = [input.copies("n")?, input.copies("m")?, input.copies("p")?];
        let [cam, x] = [input.list_of("cam", 11, "a camera")?, input.list_of("x", 3, "a point")?];
        let (feature, weight) = (input.list_of("feat", 2, "a feature")?, input.number("w")?);
        let inputs = [cam.repeat(n), x.repeat(m), vec![weight; p]].concat();
        let seen = [n, m].map(|of| (0..p).map(|i| (i % of) as u32).collect());
        Ok(Ba { features: feature.repeat(p), seen, sizes: [n, m], inputs })
    }

    fn point(&self) -> Vec<f64> {
        self.inputs.clone()
    }

    fn primal(self) -> Job {
        let p = self.seen[0].len();
        value(
            self,
            move |y| json!({"reproj_error": {"elements": y[..2], "repeated": p}, "w_err": {"element": y[2 * p], "repeated": p}}),
        )
    }

    fn derivative(self) -> Job {
        let shape = |j: &Csr| json!({"rows": ends(&j.starts), "cols": ends(&j.cols), "vals": ends(j.matrix.values())});
        sparse_jacobian(self, shape)
    }
}
