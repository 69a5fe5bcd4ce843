//! To look inside a derivative: what it will cost, before any sweep, and the adjoints of intermediate values by name.

use wengert::{Real, Var, adjoints, cost, count_work, grad};

/// A spring that is pulled for 20 steps: the energy at the end, by stiffness, damping and force.
fn energy<R: Real>(x: &[R]) -> R {
    let [stiffness, damping, force] = [x[0], x[1], x[2]];
    let (mut position, mut speed) = (R::lit(1.0), R::lit(0.0));
    for _ in 0..20 {
        let pull = (force - stiffness * position - damping * speed).tag("pull");
        speed += pull * 0.1;
        position += speed * 0.1;
    }
    ((stiffness * position.square() + speed.square()) * 0.5).tag("energy")
}

fn main() {
    let x = [4.0, 0.3, 1.0];

    println!("what derivatives will cost, told from one recording:\n");
    let told = cost(energy::<Var<f64>>, &x);
    print!("{told}");

    let (gradient, work) = count_work(|| grad(energy, &x));
    println!("\nthe gradient {gradient:.6?} then visited {} records in {} sweep", work.visits, work.reverse_sweeps);
    assert_eq!(work.visits, told.gradient_reverse.expect("one output").visits);

    println!("\nhow much the energy at the end depends on the pull of each step:\n");
    let all = adjoints(energy, &x);
    for (step, pull) in all.tagged("pull").iter().enumerate().step_by(4) {
        println!("   step {step:>2}: pull {:>9.6}, adjoint {:>9.6}", pull.value, pull.adjoint);
    }
    assert_eq!(all.tagged("energy")[0].adjoint, 1.0);

    println!("\nthe first lines of the list, with value and adjoint:\n");
    for line in all.to_string().lines().take(9) {
        println!("   {}", line.split(" (").next().unwrap_or_default());
    }
}
