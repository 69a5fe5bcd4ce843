//! Rotations and their vectors (axis times angle), smooth through the rotation of angle 0.

use super::super::nalgebra::series;
use ::nalgebra::{Quaternion, RealField, UnitQuaternion, Vector3, convert};

/// The rotation about `vector` by its length, in radians: the exponential map (Grassia 1998, "Practical
/// parameterization of rotations using the exponential map").
///
/// ```
/// use nalgebra::Vector3;
/// use wengert::{derivative, linalg};
/// // A point that begins to turn about z moves along y.
/// let turned = |t| linalg::rotation(&Vector3::new(t * 0.0, t * 0.0, t));
/// let moved = |t| turned(t) * Vector3::new(t * 0.0 + 1.0, t * 0.0, t * 0.0);
/// assert_eq!(derivative(|t| moved(t).y, 0.0), 1.0);
/// ```
#[track_caller]
pub fn rotation<T: RealField + Copy>(vector: &Vector3<T>) -> UnitQuaternion<T> {
    let (half, one) = (convert::<f64, T>(0.5), T::one());
    let square = vector.norm_squared() * (half * half);
    let (cos, sinc) = if square < one {
        (series(-square, 0), series(-square, 1))
    } else {
        let angle = square.sqrt();
        (angle.cos(), angle.sin() / angle)
    };
    let axis = vector * (sinc * half);
    UnitQuaternion::new_unchecked(Quaternion::from_parts(cos, axis))
}

/// The axis of a rotation times its angle in 0..=pi, in radians: the inverse of [`rotation`].
///
/// ```
/// use nalgebra::Vector3;
/// use wengert::linalg::{rotation, rotation_vector};
/// let v = Vector3::new(0.3, -0.5, 0.2);
/// assert!((rotation_vector(&rotation(&v)) - v).norm() < 1e-16);
/// ```
#[track_caller]
pub fn rotation_vector<T: RealField + Copy>(rotation: &UnitQuaternion<T>) -> Vector3<T> {
    let q = rotation.quaternion();
    let (real, imaginary) = if q.w < T::zero() { (-q.w, -q.imag()) } else { (q.w, q.imag()) };
    let square = imaginary.norm_squared();
    let two = convert::<f64, T>(2.0);
    let tangent = square / (real * real);
    let ratio = if tangent < convert(1.0 / 64.0) {
        arctangent_series(-tangent) / real
    } else {
        let length = square.sqrt();
        length.atan2(real) / length
    };
    imaginary * (ratio * two)
}

/// `atan(x)/x` out of `z = -x^2` below 1/64; what is left out is below `1/64^10`.
fn arctangent_series<T: RealField + Copy>(z: T) -> T {
    const TERMS: u32 = 10;
    (0..TERMS).rev().fold(T::zero(), |y, k| y * z + convert::<f64, T>(1.0 / f64::from(2 * k + 1)))
}
