//! The checksum of snapshots.

const PRIMES: [u64; 5] =
    [0x9e37_79b1_85eb_ca87, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x85eb_ca77_c2b2_ae63, 0x27d4_eb2f_1656_67c5];

/// XXH64 of bytes (Y. Collet, "xxHash fast digest algorithm", version 0.1.1, 2018): 64 bits, at the speed of memory.
pub(super) fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let start = if stripes.is_empty() { seed.wrapping_add(PRIMES[4]) } else { merged(lanes(stripes, seed)) };
    avalanche(tail(start.wrapping_add(bytes.len() as u64), rest))
}

/// Four sums that each take every fourth word.
fn lanes(stripes: &[[u8; 32]], seed: u64) -> [u64; 4] {
    let mut lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, PRIMES[0].wrapping_neg()];
    lanes = lanes.map(|lane| lane.wrapping_add(seed));
    for stripe in stripes {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, &word) in lanes.iter_mut().zip(words) {
            *lane = round(*lane, u64::from_le_bytes(word));
        }
    }
    lanes
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

fn merged(lanes: [u64; 4]) -> u64 {
    let turned = [1, 7, 12, 18].into_iter().zip(lanes).map(|(by, lane)| lane.rotate_left(by));
    let sum = turned.fold(0, u64::wrapping_add);
    lanes.iter().fold(sum, |sum, &lane| (sum ^ round(0, lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]))
}

/// What is left behind the last stripe, by words, half a word and bytes.
fn tail(sum: u64, rest: &[u8]) -> u64 {
    let (words, rest) = rest.as_chunks::<8>();
    let sum = words.iter().fold(sum, |sum, &word| {
        let mixed = sum ^ round(0, u64::from_le_bytes(word));
        mixed.rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3])
    });
    let (halves, rest) = rest.as_chunks::<4>();
    let sum = halves.iter().fold(sum, |sum, &half| {
        let mixed = sum ^ u64::from(u32::from_le_bytes(half)).wrapping_mul(PRIMES[0]);
        mixed.rotate_left(23).wrapping_mul(PRIMES[1]).wrapping_add(PRIMES[2])
    });
    rest.iter()
        .fold(sum, |sum, &byte| (sum ^ u64::from(byte).wrapping_mul(PRIMES[4])).rotate_left(11).wrapping_mul(PRIMES[0]))
}

fn avalanche(sum: u64) -> u64 {
    let sum = (sum ^ (sum >> 33)).wrapping_mul(PRIMES[1]);
    let sum = (sum ^ (sum >> 29)).wrapping_mul(PRIMES[2]);
    sum ^ (sum >> 32)
}
