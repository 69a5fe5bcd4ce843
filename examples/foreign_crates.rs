//! Derivatives through crates that know nothing of this one: they are generic over `num_traits::Float` or
//! `nalgebra::RealField`, and run unchanged on dual numbers and variables.
//!
//! - `num-quaternion`: which angles of a camera to turn, and how far, so that it looks where it should;
//! - `bspline`: the nearest point of a curve, by Newton's method with the curve's first and second derivative;
//! - `levenberg-marquardt`: how the parameters of a fit move when a measurement does.
//!
//! `cargo run --release --example foreign_crates`

use bspline::BSpline;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::{Dyn, Matrix, OMatrix, OVector, Owned, RealField, U2, Vector2};
use num_quaternion::UnitQuaternion;
use num_traits::Float;
use wengert::{Dual, derivative, grad, value_and_grad};

fn main() {
    println!("{:42} {:>14} {:>14} {:>9}", "derivative", "exact", "differences", "apart");
    attitude();
    nearest_point();
    sensitivity_of_a_fit();
}

/// Prints a derivative beside its approximation by differences, which must agree to `tolerance`.
fn row(what: &str, exact: f64, differences: f64, tolerance: f64) {
    let apart = (exact - differences).abs() / differences.abs().max(1.0);
    println!("{what:42} {exact:14.8} {differences:14.8} {apart:9.1e}");
    assert!(apart < tolerance, "{what}: {exact} against {differences}");
}

/// Central differences with steps `h` and `2h`, extrapolated (Richardson 1911).
fn differences(f: impl Fn(f64) -> f64, x: f64, h: f64) -> f64 {
    let central = |h: f64| (f(x + h) - f(x - h)) / (2.0 * h);
    (4.0 * central(h) - central(2.0 * h)) / 3.0
}

/// The angle, in radians, between where a camera at these angles looks and where it should.
fn attitude_error<T: Float>([roll, pitch, yaw]: [T; 3]) -> T {
    let number = |x: f64| T::from(x).expect("every float holds this constant");
    let target = UnitQuaternion::from_euler_angles(number(0.1), number(-0.4), number(1.2));
    let turn = UnitQuaternion::from_euler_angles(roll, pitch, yaw) * target.conj();
    let turn = turn.as_quaternion();
    turn.x.hypot(turn.y).hypot(turn.z).atan2(turn.w.abs()) * number(2.0)
}

/// Gradient of the error by the angles, and a descent along it.
fn attitude() {
    let mut at = [0.3, 0.2, 0.7];
    for (i, name) in ["roll", "pitch", "yaw"].iter().enumerate() {
        let moved = |x: f64| attitude_error(std::array::from_fn(|k| if k == i { x } else { at[k] }));
        row(
            &format!("num-quaternion: error by {name}"),
            grad(attitude_error, at)[i],
            differences(moved, at[i], 1e-3),
            1e-9,
        );
    }
    let start = attitude_error(at);
    for _ in 0..40 {
        let (error, slope) = value_and_grad(attitude_error, at);
        let step = error / slope.iter().map(|g| g * g).sum::<f64>();
        at = std::array::from_fn(|i| at[i] - 0.5 * step * slope[i]);
    }
    println!("  descended from {:.1} to {:.1e} degrees", start.to_degrees(), attitude_error(at).to_degrees());
    assert!(attitude_error(at) < 1e-6);
}

/// The squared distance from a point to a cubic B-spline at parameter `t`.
fn squared_distance<T: Float>(t: T) -> T {
    const CURVE: [[f64; 2]; 6] = [[0.0, 0.0], [1.0, 2.0], [2.5, 2.5], [4.0, 0.5], [5.0, 1.5], [6.0, 3.0]];
    const KNOTS: [f64; 10] = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0];
    const POINT: [f64; 2] = [3.0, 0.4];
    let number = |x: f64| T::from(x).expect("every float holds this constant");
    let coordinate = |axis: usize| {
        let controls = CURVE.iter().map(|point| number(point[axis])).collect();
        BSpline::new(3, controls, KNOTS.map(number).to_vec()).point(t) - number(POINT[axis])
    };
    let (dx, dy) = (coordinate(0), coordinate(1));
    dx * dx + dy * dy
}

/// Newton's method on the squared distance.
fn nearest_point() {
    let slope = |t: f64| derivative(squared_distance::<Dual<f64, 1>>, t);
    let curvature = |t: f64| derivative(|t: Dual<f64, 1>| derivative(squared_distance::<Dual<Dual<f64, 1>, 1>>, t), t);
    let mut t = 1.4;
    row("bspline: slope of the distance", slope(t), differences(squared_distance::<f64>, t, 1e-3), 1e-9);
    row("bspline: its curvature", curvature(t), differences(slope, t, 1e-3), 1e-9);
    let steps = (0..20)
        .take_while(|_| {
            slope(t).abs() > 1e-13 && {
                t -= slope(t) / curvature(t);
                true
            }
        })
        .count();
    println!("  nearest at t = {t:.6}, distance {:.6}, after {steps} steps", squared_distance(t).sqrt());
    assert!(steps < 10 && curvature(t) > 0.0);
}

/// Measurements `y` at times 0, 1, ..; the model is `a exp(-b t)`.
struct Decay<T: RealField + Copy> {
    y: Vec<T>,
    parameters: Vector2<T>,
}

impl<T: RealField + Float> LeastSquaresProblem<T, Dyn, U2> for Decay<T> {
    type ParameterStorage = Owned<T, U2>;
    type ResidualStorage = Owned<T, Dyn>;
    type JacobianStorage = Owned<T, Dyn, U2>;

    fn set_params(&mut self, parameters: &Vector2<T>) {
        self.parameters = *parameters;
    }
    fn params(&self) -> Vector2<T> {
        self.parameters
    }
    fn residuals(&self) -> Option<OVector<T, Dyn>> {
        let [a, b] = self.parameters.into();
        Some(OVector::from_fn_generic(Dyn(self.y.len()), nalgebra::U1, |i, _| a * decay(b, i) - self.y[i]))
    }
    fn jacobian(&self) -> Option<OMatrix<T, Dyn, U2>> {
        let [a, b] = self.parameters.into();
        let entry = |i, j| if j == 0 { decay(b, i) } else { -a * time::<T>(i) * decay(b, i) };
        Some(Matrix::from_fn_generic(Dyn(self.y.len()), U2, entry))
    }
}

fn time<T: Float>(i: usize) -> T {
    T::from(i).expect("every float holds a small integer")
}
fn decay<T: Float>(b: T, i: usize) -> T {
    (-b * time::<T>(i)).exp()
}

/// The fitted parameters.
fn fit<T: RealField + Float>(y: Vec<T>) -> Vector2<T> {
    let problem = Decay { y, parameters: Vector2::new(T::one(), T::one()) };
    let (fitted, report) = LevenbergMarquardt::new().minimize(problem);
    assert!(report.termination.was_successful(), "the fit did not converge: {:?}", report.termination);
    fitted.parameters
}

/// The derivative of the rate `b` by each measurement, through the whole iteration.
fn sensitivity_of_a_fit() {
    const Y: [f64; 5] = [2.03, 1.19, 0.76, 0.44, 0.28];
    let seeded = Y.iter().enumerate().map(|(i, &y)| Dual::<f64, 5>::seeded(y, i)).collect();
    let rate = fit(seeded)[1];
    for (i, &measured) in Y.iter().enumerate() {
        let moved = |y: f64| fit((0..Y.len()).map(|k| if k == i { y } else { Y[k] }).collect())[1];
        let what = format!("levenberg-marquardt: rate by measurement {i}");
        row(&what, rate.tangents()[i], differences(moved, measured, 1e-3), 1e-6);
    }
    println!("  the rate is {:.6}", rate.value());
}
