//! What a lane costs.

use super::*;
use std::hint::black_box;
use std::time::Instant;

const LANES: usize = BLOCK;

/// The least time of a lane over some rounds, in nanoseconds.
fn nanoseconds(mut tile: impl FnMut()) -> f64 {
    const TILES: u32 = 200;
    let round = || {
        let start = Instant::now();
        (0..TILES).for_each(|_| tile());
        start.elapsed().as_secs_f64() / f64::from(TILES) / LANES as f64 * 1e9
    };
    std::iter::repeat_with(round).take(500).fold(f64::MAX, f64::min)
}

/// Operands where the function is neither constant nor at an end.
fn operands(kernel: Kernel) -> Block {
    use Kernel::*;
    let mut random = Random(9);
    let (lo, hi) = match kernel {
        Recip | Sqrt | Ln | Log2 | Log10 | Ln1p => (0.1, 10.0),
        Sin | Cos | Tan => (-20.0, 20.0),
        Gauss | NormPdf | NormCdf | Gelu | Erf | Erfc => (-3.0, 3.0),
        Exp | Exp2 | ExpM1 | Sinh | Cosh | Tanh | Sech | Sigmoid | LnSigmoid | Softplus | Silu => (-5.0, 5.0),
    };
    Block([0.0; LANES].map(|_| random.within(lo, hi)))
}

/// Nanoseconds per lane of 64, beside the row's own value lane by lane, and last the widest vectors in single precision:
/// `cargo test --release -p wengert --lib vm::math::tests::speed -- --ignored --nocapture`.
#[test]
#[ignore = "prints the table of times"]
fn print() {
    let sets = sets();
    let widest = sets.last().unwrap();
    println!("| kernel | row | {} | f32 |", sets.iter().map(|set| set.name).collect::<Vec<_>>().join(" | "));
    let (mut y, mut single) = (Block([0.0; LANES]), [0.0; LANES]);
    for &kernel in Kernel::ALL {
        let x = operands(kernel);
        let row = kernel.row();
        let scalar = nanoseconds(|| (0..LANES).for_each(|i| y.0[i] = black_box(row).apply(black_box(x.0[i]))));
        let times = sets.iter().map(|set| nanoseconds(|| (set.unary)(kernel, black_box(&mut y.0), black_box(&x.0))));
        let narrow = x.0.map(|x| x as f32);
        let last = nanoseconds(|| (widest.unary_f32)(kernel, black_box(&mut single), black_box(&narrow)));
        print_line(row.row().name, scalar, times.chain([last]));
    }
    let a = operands(Kernel::Ln);
    let mut b = Block(a.0);
    b.0.reverse();
    for &kernel in Kernel2::ALL {
        let row = kernel.row();
        let scalar = nanoseconds(|| (0..LANES).for_each(|i| y.0[i] = black_box(row).apply(black_box(a.0[i]), b.0[i])));
        let times =
            sets.iter().map(|set| nanoseconds(|| (set.binary)(kernel, black_box(&mut y.0), black_box(&a.0), &b.0)));
        let (left, right) = (a.0.map(|x| x as f32), b.0.map(|x| x as f32));
        let last = nanoseconds(|| (widest.binary_f32)(kernel, black_box(&mut single), black_box(&left), &right));
        print_line(row.row().name, scalar, times.chain([last]));
    }
}

fn print_line(name: &str, scalar: f64, times: impl Iterator<Item = f64>) {
    let times: Vec<String> = times.map(|ns| format!("{ns:.2}")).collect();
    println!("| {name} | {scalar:.2} | {} |", times.join(" | "));
}
