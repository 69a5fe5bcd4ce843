//! Random numbers by counting: each is a function of the seed, the stream and its place alone (Salmon et al. 2011).

use super::array::Array;
use super::dtype::DType;
use super::node::{Tensor, origin};
use super::primitives::{Distribution, Op, Random};
use super::refuse::{fallible_fn, refuse};
use super::shape::{Shape, checked_len};
use crate::error::Result;

/// Philox 4x32 with ten rounds (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let wide = |m: u32, x: u32| (u64::from(m) * u64::from(x), m.wrapping_mul(x));
        let ((a, low_a), (b, low_b)) = (wide(0xD251_1F53, counter[0]), wide(0xCD9E_8D57, counter[2]));
        let [high_a, high_b] = [a, b].map(|product| (product >> 32) as u32);
        counter = [high_b ^ counter[1] ^ key[0], low_b, high_a ^ counter[3] ^ key[1], low_a];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// The two random words of 64 bits at a place of a stream.
fn words(seed: u64, stream: u64, place: u64) -> [u64; 2] {
    let halves = |x: u64| [x as u32, (x >> 32) as u32];
    let ([s0, s1], [p0, p1]) = (halves(stream), halves(place));
    let [a, b, c, d] = philox([p0, p1, s0, s1], halves(seed));
    [u64::from(a) | u64::from(b) << 32, u64::from(c) | u64::from(d) << 32]
}

/// On [0, 1), with 53 bits.
fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * (0.5_f64).powi(53)
}

/// On [0, 1) with 24 bits, so that rounding to single precision never gives 1.
fn unit_f32(word: u64) -> f32 {
    (word >> 40) as f32 * (0.5_f32).powi(24)
}

/// Normal, by Box & Muller (1958).
fn normal([a, b]: [u64; 2]) -> f64 {
    let radius = (-2.0 * (1.0 - unit(a)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(b)).cos()
}

/// The numbers, example by example.
pub(crate) fn draw(random: &Random) -> Array {
    let (streams, example) = random.shape.split_at(random.streams);
    let (streams, len): (usize, usize) = (streams.iter().product(), example.iter().product());
    let at = |i: usize| words(random.seed, (i / len) as u64, (i % len) as u64);
    let (places, shape) = (0..streams * len, random.shape.clone());
    match (random.distribution, random.dtype) {
        (Distribution::Uniform, DType::F32) => Array::new(places.map(|i| unit_f32(at(i)[0])).collect(), shape),
        (Distribution::Uniform, _) => Array::new(places.map(|i| unit(at(i)[0])).collect(), shape),
        (Distribution::Normal, DType::F32) => Array::new(places.map(|i| normal(at(i)) as f32).collect(), shape),
        (Distribution::Normal, _) => Array::new(places.map(|i| normal(at(i))).collect(), shape),
        (Distribution::Permutation, _) => {
            let permutation = |stream: usize| {
                let mut order: Vec<i64> = (0..len as i64).collect();
                order.sort_by_cached_key(|&i| words(random.seed, stream as u64, i as u64));
                order
            };
            Array::new((0..streams).flat_map(permutation).collect(), shape)
        }
    }
}

/// Random numbers: the same for the same seed, shape and type, however many threads run. Draw from different seeds what is
/// to be independent; inside [`vmap`](super::vmap) each example has a stream of its own.
impl Tensor {
    fallible_fn! {
        /// Numbers that are evenly distributed on [0, 1).
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let x = Tensor::uniform(7, [1000], DType::F64).to_vec::<f64>();
        /// assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
        /// assert_eq!(x, Tensor::uniform(7, [1000], DType::F64).to_vec::<f64>());
        /// ```
        ///
        /// # Panics
        /// If the type is none of real numbers, or no memory could hold such a shape.
        pub fn uniform / try_uniform(seed: u64, shape: impl Into<Shape>, dtype: DType) -> Tensor {
            Tensor::drawn(Distribution::Uniform, seed, shape.into(), dtype)
        }

        /// Numbers that are normally distributed, with mean 0 and variance 1.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let x = Tensor::normal(7, [1000], DType::F64);
        /// assert!((x.sum(..).item::<f64>() / 1000.0).abs() < 0.1);
        /// ```
        ///
        /// # Panics
        /// As [`uniform`](Self::uniform).
        pub fn normal / try_normal(seed: u64, shape: impl Into<Shape>, dtype: DType) -> Tensor {
            Tensor::drawn(Distribution::Normal, seed, shape.into(), dtype)
        }

        /// Booleans that hold with probability `p`: a mask.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let kept = Tensor::bernoulli(7, 0.9, [1000]).sum(..).item::<i64>();
        /// assert!((850..950).contains(&kept));
        /// ```
        ///
        /// # Panics
        /// If `p` is no probability, or no memory could hold such a shape.
        pub fn bernoulli / try_bernoulli(seed: u64, p: f64, shape: impl Into<Shape>) -> Tensor {
            let (at, shape) = (origin(), shape.into());
            if !(0.0..=1.0).contains(&p) {
                let asked = format!("draw booleans that hold with probability {p}");
                return Err(refuse(at, asked, "it is no probability", "give a number from 0 to 1"));
            }
            Ok(Tensor::drawn(Distribution::Uniform, seed, shape, DType::F64)?.lt(p))
        }

        /// The integers 0, 1, .., n - 1 in random order.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let order = Tensor::permutation(7, 5);
        /// assert_eq!(order.sort(0).to_vec::<i64>(), [0, 1, 2, 3, 4]);
        /// ```
        ///
        /// # Panics
        /// If no memory could hold so many.
        pub fn permutation / try_permutation(seed: u64, n: usize) -> Tensor {
            let shape = Shape::from(n);
            checked_len("draw", &shape)?;
            let (distribution, dtype) = (Distribution::Permutation, DType::I64);
            Ok(Op::from(Random { distribution, seed, streams: 0, shape, dtype }).on([]))
        }
    }

    #[track_caller]
    fn drawn(distribution: Distribution, seed: u64, shape: Shape, dtype: DType) -> Result<Tensor> {
        let at = origin();
        if !dtype.is_real() {
            let asked = format!("draw a tensor of shape {shape} and type {dtype}");
            let remedy = "draw `DType::F64` and cast it, or use `bernoulli` or `permutation`";
            return Err(refuse(at, asked, "such numbers are real", remedy));
        }
        checked_len("draw", &shape)?;
        Ok(Op::from(Random { distribution, seed, streams: 0, shape, dtype }).on([]))
    }
}

#[cfg(test)]
mod tests {
    use super::philox;

    /// The known answers of the authors' Random123.
    #[test]
    fn philox_gives_the_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
