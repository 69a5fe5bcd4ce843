//! How fast snapshots are written and read, beside files of the same bytes:
//! `cargo test --release -p wengert --lib checkpoint::disk::tests::rates -- --ignored --nocapture`.

use super::{Folder, state};
use crate::checkpoint::disk::Disk;
use std::fs;
use std::time::{Duration, Instant};

/// The least of some times.
fn least(times: usize, mut f: impl FnMut()) -> Duration {
    let time = |()| {
        let begun = Instant::now();
        f();
        begun.elapsed()
    };
    std::iter::repeat_n((), times).map(time).min().expect("at least one")
}

#[test]
#[ignore = "measures"]
fn beside_plain_files() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    println!("{:>10}  {:>21}  {:>21}", "bytes", "write: us, x plain", "read: us, x plain");
    for (len, times) in [(10, 500), (1000, 500), (100_000, 100), (10_000_000, 9)] {
        let numbers = state(1, len);
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let (plain, mut back) = (folder.0.join("plain"), vec![0.0; len]);
        let write_plain = least(times, || {
            fs::write(&plain, &bytes).unwrap();
            fs::remove_file(&plain).unwrap();
        });
        let write = least(times, || {
            disk.write(0, 1, &numbers).unwrap();
            disk.remove(0).unwrap();
        });
        fs::write(&plain, &bytes).unwrap();
        disk.write(0, 1, &numbers).unwrap();
        let read_plain = least(times, || assert_eq!(fs::read(&plain).unwrap().len(), bytes.len()));
        let read = least(times, || disk.read(0, 1, &mut back).unwrap());
        assert_eq!(back, numbers);
        let [w, r, wp, rp] = [write, read, write_plain, read_plain].map(|time| time.as_secs_f64() * 1e6);
        println!("{:>10}  {w:>12.1} {:>8.2}  {r:>12.1} {:>8.2}", bytes.len(), w / wp, r / rp);
    }
    let block = vec![1; super::BLOCK];
    let hash = least(100, || {
        std::hint::black_box(crate::checkpoint::disk::checksum::xxh64(std::hint::black_box(&block), 0));
    });
    println!("checksum: {:.1} GB/s", block.len() as f64 / hash.as_secs_f64() / 1e9);
}
