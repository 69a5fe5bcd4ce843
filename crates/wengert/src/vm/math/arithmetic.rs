//! Sums, products and polynomials, with or without a fused multiply-add, and the rounding errors of the first two.
//!
//! `mul_add` without the instruction is a slow call, hence `FMA`: it says whether the function into which all this is
//! inlined has been compiled for a processor that has it.

/// `1.5 2^52`: added to a number below `2^51` it leaves the nearest integer in the last bits of the sum.
pub(super) const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// `a b + c`; with `FMA` with one rounding.
#[inline(always)]
pub(super) fn mul_add<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The polynomial with the given coefficients, lowest first: Horner's rule for the even and for the odd ones, since one
/// chain of dependent steps would be longer than what a processor can look ahead.
#[inline(always)]
pub(super) fn polynomial<const FMA: bool, const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let square = x * x;
    let (mut last, mut other) = (coefficients[N - 1], coefficients[N - 2]);
    for i in (0..N - 2).rev() {
        (last, other) = (other, mul_add::<FMA>(last, square, coefficients[i]));
    }
    mul_add::<FMA>(last, x, other)
}

/// `a + b` and its rounding error (TwoSum, Knuth 1969).
#[inline(always)]
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let back = sum - a;
    (sum, (a - (sum - back)) + (b - back))
}

/// `a + b` and its rounding error, where `a` is 0 or the greater in magnitude (Dekker 1971).
#[inline(always)]
pub(super) fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// `a b` and its rounding error; without `FMA` by splitting both in halves (Dekker 1971), for magnitudes below 1e300.
#[inline(always)]
pub(super) fn two_product<const FMA: bool>(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    if FMA {
        return (product, a.mul_add(b, -product));
    }
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    (product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

/// `a` as the sum of two numbers of 26 bits (Veltkamp 1968).
#[inline(always)]
fn halves(a: f64) -> (f64, f64) {
    let scaled = a * 134_217_729.0;
    let high = scaled - (scaled - a);
    (high, a - high)
}
