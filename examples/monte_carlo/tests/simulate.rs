//! Blocks, threads and errors.

use super::{HESTON, asian, simulation};
use crate::greeks::{pathwise, second};
use crate::normals::normals;
use crate::simulate::Simulation;

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let contract = asian(HESTON, 4);
    let of = |threads| {
        let simulation = Simulation { threads, ..simulation(1001, 11) };
        (pathwise(&contract, &simulation), second(&contract, &simulation, 0, 1.0).ratio)
    };
    assert_eq!(of(1), of(2));
    assert_eq!(of(1), of(7));
}

#[test]
fn seeds_and_blocks_have_numbers_of_their_own() {
    assert_eq!(normals(1, 2, 10), normals(1, 2, 20)[..10]);
    assert_ne!(normals(1, 2, 10), normals(1, 3, 10));
    assert_ne!(normals(1, 2, 10), normals(2, 2, 10));
}

/// Batch means of numbers whose error is known, a last block with fewer of them included.
#[test]
fn the_standard_error_is_that_of_independent_paths() {
    let paths = 40_100;
    let run = Simulation { paths, seed: 2, block: 250, threads: 2 };
    let [mean] = run.run(1, |z| vec![z.iter().sum()]).estimates()[..] else { panic!("one number was asked for") };
    let expected = 1.0 / (paths as f64).sqrt();
    assert!((mean.error / expected - 1.0).abs() < 0.2, "{mean:?} against {expected}");
    assert!(mean.mean.abs() < 4.0 * expected);
    let [one] = run.run(1, |z| vec![z.len() as f64]).estimates()[..] else { panic!("one number was asked for") };
    assert_eq!((one.mean, one.error), (1.0, 0.0)); // of any cut into blocks
}
