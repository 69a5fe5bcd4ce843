//! Random numbers that do not depend on who asks for them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// Standard normal numbers for a block of paths.
///
/// A seed gives as many streams of ChaCha (Bernstein 2008) as there are blocks, so a block has the same numbers
/// whichever thread makes it, and whenever.
pub(crate) fn normals(seed: u64, block: u64, count: usize) -> Vec<f64> {
    let mut source = ChaCha8Rng::seed_from_u64(seed);
    source.set_stream(block);
    StandardNormal.sample_iter(&mut source).take(count).collect()
}
