//! Whole simulations, compiled ones too.

use crate::memory::peak_of;
use crate::panics::panic_of;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use wengert::checkpoint::Memory;
use wengert::{
    Compiled, CompiledSimulation, Derived, Dual, F32, Operation, Real, Result, Rows, Scan, Simulation, Traced,
    Unrecorded, Var, compile, derivative, function, grad, grad_with, hvp, record, value_and_grad,
};

/// A damped swing with loads, the loads of the steps given.
fn swing<'s, R: Real>(rec: &'s impl Scan<'s, R>, x: &'s [R], loads: &'s [f64]) -> Result<R> {
    let steps = Rows::new(loads.len()).data(loads, 1);
    let (angle, speed) = rec.scan(Memory::Slots(2), (x[0], x[1]), steps, move |(angle, speed), load| {
        (angle + speed * 0.1, speed - (angle.sin() * x[2] - load[0]) * 0.1)
    })?;
    Ok(angle + speed * 0.5)
}

/// Halves until it is small.
fn halved<'s, R: Real + PartialOrd>(rec: &'s impl Scan<'s, R>, x: R) -> Result<R> {
    let (y, _) =
        rec.scan_while(Memory::Slots(1), (x, x), |s| s.0 > R::lit(1.0), |s, step| (s.0 * 0.5, s.1 + step as f64))?;
    Ok(y)
}

const LOADS: [f64; 5] = [0.5, -1.0, 0.25, 2.0, 0.0];

#[test]
fn plain_loops_run_on_every_number() {
    let plain = swing(&Unrecorded, &[0.3, -0.2, 1.5], &LOADS).unwrap();
    let mut at = (0.3, -0.2);
    for load in LOADS {
        at = (at.0 + at.1 * 0.1, at.1 - (f64::sin(at.0) * 1.5 - load) * 0.1);
    }
    assert_eq!(plain, at.0 + at.1 * 0.5);
    let single = swing(&Unrecorded, &[0.3, -0.2, 1.5].map(F32), &LOADS).unwrap();
    assert!((f64::from(single.0) - plain).abs() < 1e-6);
    let unrolled = grad(|x: &[Var<f64>]| swing(&Unrecorded, x, &LOADS).unwrap(), &[0.3, -0.2, 1.5]);
    let forward =
        derivative(|k| swing(&Unrecorded, &[Dual::constant(0.3), Dual::constant(-0.2), k], &LOADS).unwrap(), 1.5);
    assert!((forward - unrolled[2]).abs() < 1e-15);
    let list = record(3, |x: &[Traced]| swing(&Unrecorded, x, &LOADS).unwrap());
    assert_eq!(list.run(&[0.3, -0.2, 1.5]), [plain]);
    assert!(list.to_string().contains("loop"), "the loop is one of the list");
    let (d, g) = (list.gradient().run(&[0.3, -0.2, 1.5]), unrolled);
    assert!(d.iter().zip(g).all(|(d, g)| (d - g).abs() < 1e-15));
}

#[test]
fn plain_loops_run_while_their_condition_holds() {
    assert_eq!(halved(&Unrecorded, 12.0), Ok(0.75));
    assert_eq!(halved(&Unrecorded, 0.5), Ok(0.5));
    assert_eq!(derivative(|x| halved(&Unrecorded, x).unwrap(), 12.0), 0.0625);
    assert_eq!(grad(|x: Var<f64>| halved(&Unrecorded, x).unwrap(), 12.0), 0.0625);
    let observed = wengert::observe(|x| halved(&Unrecorded, x[0]).unwrap(), &[12.0]);
    assert_eq!(observed.list.gradient().run(&[12.0]), [0.0625]);
}

#[test]
fn a_step_of_another_shape_panics_at_the_loop() {
    let longer = |s: Vec<f64>, _| [&s[..], &[1.0]].concat();
    let (line, panic) = (line!(), panic_of(|| Unrecorded.scan_while(Memory::All, vec![], |_| true, longer)));
    assert!(panic.text.starts_with("cannot go on with the state that step 0 gave"), "{}", panic.text);
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
    // That of a recorder runs behind others' calls, so its text says where it is.
    let longer = |s: Vec<Var<f64>>, _: &[_]| [&s[..], &s[..1]].concat();
    let (line, panic) = (
        line!() + 1,
        panic_of(|| grad_with(1.0, |rec, x| Ok(rec.scan(Memory::Slots(2), vec![x], Rows::new(3), longer)?[0])).is_ok()),
    );
    let place = format!("cannot go on with the state that step 0 gave (at {}:{line}:", file!());
    assert!(panic.text.starts_with(&place), "{}", panic.text);
}

/// Three populations that eat each other, with growth and hunger as parameters, and what is added in a step as data;
/// the cost is the distance from what was seen.
fn eating<R: Real>(state: &[R], params: &[R], data: &[R]) -> ([R; 3], R) {
    let [grass, hares, foxes] = [state[0], state[1], state[2]];
    let eaten = grass * hares / (grass + 1.0);
    let caught = (hares * foxes).tanh() * params[1];
    let next = [
        grass + (params[0] - eaten) * 0.1 + data[0],
        hares + (eaten * 0.5 - caught) * 0.1,
        foxes + (caught - foxes * 0.3).sin() * 0.1,
    ];
    (next, (next[1] - data[1]).square() + state[0] * params[0] * 0.01)
}

/// As one function of all its inputs, as it is compiled.
fn eating_flat<R: Real>(x: &[R]) -> Vec<R> {
    let (next, cost) = eating(&x[..3], &x[3..5], &x[5..]);
    [&next[..], &[cost]].concat()
}

fn eating_alone<R: Real>(x: &[R]) -> [R; 3] {
    eating(&x[..3], &x[3..5], &x[5..]).0
}

fn end<R: Real>(x: &[R]) -> R {
    x[0] * x[1] + (x[2] * x[3]).exp() - x[4]
}

fn seen(steps: usize) -> Vec<f64> {
    (0..2 * steps).map(|i| (i as f64 * 0.37).sin() * 0.1 + 0.2).collect()
}

const FIRST: [f64; 3] = [1.0, 0.8, 0.4];
const PARAMS: [f64; 2] = [0.7, 1.3];

/// The whole as one recording.
fn unrolled<R: Real>(x: &[R], data: &[f64], costs: bool, last: bool) -> R {
    let (mut state, mut total) = ([x[0], x[1], x[2]], R::lit(0.0));
    for row in data.chunks_exact(2) {
        let row = [R::lit(row[0]), R::lit(row[1])];
        let (next, cost) = eating(&state, &x[3..], &row);
        state = next;
        total = if costs { total + cost } else { total };
    }
    if last { total + end(&[&state[..], &x[3..]].concat()) } else { total }
}

#[track_caller]
fn assert_near(got: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len());
    for (a, b) in got.iter().zip(wanted) {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{got:?} is not {wanted:?}");
    }
}

/// The memories that a loop of that many steps is run in.
fn memories(steps: usize) -> Vec<Memory> {
    let slots = [1, 2, 3, 7, steps].into_iter().filter(|&slots| slots > 0).map(Memory::Slots);
    [Memory::All, Memory::Auto, Memory::Bytes(1 << 20)].into_iter().chain(slots).collect()
}

#[test]
fn compiled_steps_give_the_gradient_of_the_unrolled_loop() {
    let (with_cost, alone) =
        (compile(&function!(eating_flat -> Vec<R>), 7), compile(&function!(eating_alone -> [R; 3]), 7));
    let end = compile(&function!(end), 5);
    for steps in [0, 1, 2, 3, 10, 57] {
        let data = seen(steps);
        for (costs, last) in [(true, true), (true, false), (false, true)] {
            let x = [&FIRST[..], &PARAMS].concat();
            let (value, gradient) = value_and_grad(|x: &[_]| unrolled(x, &data, costs, last), &x);
            let mut all = None;
            for memory in memories(steps) {
                let run = Simulation::new(steps).memory(memory.clone());
                let run = run.compiled(if costs { &with_cost } else { &alone }).data(&data, 2);
                let run = if last { run.loss(&end) } else { run };
                let found = run.value_and_grad(FIRST, PARAMS).unwrap();
                assert_near(&[found.value], &[value], 1e-13);
                assert_near(&[&found.state[..], &found.params].concat(), &gradient, 1e-12);
                let bits = [&[found.value], &found.state[..], &found.params].concat();
                let bits: Vec<u64> = bits.into_iter().map(f64::to_bits).collect();
                assert_eq!(all.get_or_insert_with(|| bits.clone()), &bits, "{memory:?}, {steps} steps");
            }
        }
    }
}

#[test]
fn single_precision_steps_add_up_in_double() {
    let step = Compiled::<f32>::of(&record(3, |x| [x[0], x[1] * x[2]])); // the state stays; the cost is a tenth
    let tenths = vec![0.1; 100_000];
    let found = Simulation::new(100_000).memory(Memory::All).compiled(&step).data(&tenths, 1);
    let found = found.value_and_grad(0.0, 1.0).unwrap();
    assert_eq!((found.value, found.params), (10_000.0, 10_000.0));
}

#[test]
fn rows_within_a_step_are_swept_too() {
    // The heat of a rod with its ends held, the conductivity of each cell a parameter.
    fn rod<R: Real>(x: &[R]) -> Vec<R> {
        let (heat, conductivity) = x.split_at(50);
        let rows = Rows::new(48).vary(&heat[..48], 1).vary(&heat[1..49], 1).vary(&heat[2..], 1);
        let [inner] = R::map_rows(&rows.vary(&conductivity[1..49], 1), |r| [r[1] + (r[0] - r[1] * 2.0 + r[2]) * r[3]]);
        [&[heat[0]], &inner[..], &[heat[49]]].concat()
    }
    fn end<R: Real>(x: &[R]) -> R {
        R::sum_rows(&Rows::new(50).vary(&x[..50], 1), |r| r[0].square())
    }
    let first: Vec<f64> = (0..50).map(|i| f64::from(i * (49 - i)) / 600.0).collect();
    let conductivity = vec![0.2; 50];
    let (rod_program, end_program) = (compile(&function!(rod -> Vec<R>), 100), compile(&function!(end), 100));
    let run = Simulation::new(40).memory(Memory::All);
    let found = run.compiled(&rod_program).loss(&end_program).value_and_grad(&first, &conductivity).unwrap();
    let all = |x: &[Var<f64>]| {
        let (mut heat, conductivity) = (x[..50].to_vec(), &x[50..]);
        (0..40).for_each(|_| heat = rod(&[&heat[..], conductivity].concat()));
        end(&heat)
    };
    let (value, gradient) = value_and_grad(all, &[&first[..], &conductivity].concat());
    assert_near(&[found.value], &[value], 1e-13);
    assert_near(&[found.state, found.params].concat(), &gradient, 1e-12);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (step, end) = (compile(&function!(eating_flat -> Vec<R>), 7), compile(&function!(end), 5));
    let alone = compile(&function!(eating_alone -> [R; 3]), 7);
    let (data, run) = (seen(4), Simulation::new(4));
    let says = |run: CompiledSimulation, wanted: &str| {
        let error = run.value_and_grad(FIRST, PARAMS).unwrap_err().to_string();
        assert!(error.starts_with("cannot run a simulation of 3 numbers: ") && error.contains(wanted), "{error}");
    };
    says(run.compiled(&step), "7 inputs, for 3 numbers of the state, 2 parameters and 0 of the step's data");
    says(run.compiled(&step).data(&data, usize::MAX), "7 inputs");
    says(run.compiled(&step).data(&data[1..], 2), "7 numbers of data are not 2 for each of 4 steps");
    says(Simulation::new(usize::MAX).compiled(&step).data(&data, 2), "8 numbers of data are not 2 for each");
    says(run.compiled(&alone).data(&data, 2), "there is nothing to differentiate");
    says(run.compiled(&alone).data(&data, 2).loss(&step), "its compiled loss has 7 inputs and 4 outputs");
    says(run.compiled(&alone).data(&data, 2).loss(&alone), "its compiled loss has 7 inputs and 3 outputs");
    let shrinking = Compiled::of(&record(5, |x| [x[0], x[1]]));
    says(run.compiled(&shrinking).loss(&end), "its compiled step has 2 outputs");
    assert!(run.compiled(&step).data(&data, 2).value_and_grad(FIRST, [0.5]).is_err());
}

#[test]
fn compiled_steps_give_products_with_the_hessian() {
    let (with_cost, alone) =
        (compile(&function!(eating_flat -> Vec<R>), 7), compile(&function!(eating_alone -> [R; 3]), 7));
    let end = compile(&function!(end), 5);
    let (x, v) = ([&FIRST[..], &PARAMS].concat(), [0.3, -1.0, 0.5, 2.0, -0.7]);
    for steps in [0, 1, 2, 25] {
        let data = seen(steps);
        for (costs, last) in [(true, true), (true, false), (false, true)] {
            let wanted = hvp(|x: &[_]| unrolled(x, &data, costs, last), &x[..], &v[..]);
            let gradient = grad(|x: &[_]| unrolled(x, &data, costs, last), &x[..]);
            let slope: f64 = gradient.iter().zip(v).map(|(g, v)| g * v).sum();
            for memory in memories(steps) {
                let run = Simulation::new(steps).memory(memory);
                let run = run.compiled(if costs { &with_cost } else { &alone }).data(&data, 2);
                let run = if last { run.loss(&end) } else { run };
                let found = run.hvp(FIRST, PARAMS, ([0.3, -1.0, 0.5], [2.0, -0.7])).unwrap();
                assert_near(
                    &[&[found.value], &found.state[..], &found.params].concat(),
                    &[&[slope], &wanted[..]].concat(),
                    1e-11,
                );
                let error = run.hvp(&FIRST[..], &PARAMS[..], (&FIRST[..2], &PARAMS[..])).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    "cannot give a Hessian-vector product of a simulation along 2 numbers of the state and 2 of the \
                     parameters: there are 3 and 2; give one for each"
                );
            }
        }
    }
}

type Found = (f64, [f64; 3], [f64; 2]);

fn bits((value, state, params): Found) -> Vec<u64> {
    [&[value], &state[..], &params].concat().into_iter().map(f64::to_bits).collect()
}

#[test]
fn closures_give_the_gradient_of_the_unrolled_loop() {
    let x = [&FIRST[..], &PARAMS].concat();
    for steps in [0, 1, 2, 3, 10, 57] {
        let data = seen(steps);
        let rows: Vec<[Var<f64>; 2]> = data.chunks_exact(2).map(|row| [row[0], row[1]].map(Var::constant)).collect();
        let last = value_and_grad(|x: &[_]| unrolled(x, &data, false, true), &x);
        let over_time = value_and_grad(|x: &[_]| unrolled(x, &data, true, false), &x);
        let mut all = None;
        for memory in memories(steps) {
            let run = Simulation::new(steps).memory(memory.clone());
            let a = run.value_and_grad(
                FIRST,
                PARAMS,
                |s, p, t| eating(&s, &p, &rows[t]).0,
                |s, p| end(&[&s[..], &p].concat()),
            );
            let b = run.value_and_grad_over_time(FIRST, PARAMS, |s, p, t| eating(&s, &p, &rows[t]));
            let (a, b) = (a.unwrap(), b.unwrap());
            assert_near(&[&[a.value], &a.state[..], &a.params].concat(), &[&[last.0], &last.1[..]].concat(), 1e-13);
            assert_near(
                &[&[b.value], &b.state[..], &b.params].concat(),
                &[&[over_time.0], &over_time.1[..]].concat(),
                1e-13,
            );
            let found = [bits((a.value, a.state, a.params)), bits((b.value, b.state, b.params))];
            assert_eq!(all.get_or_insert_with(|| found.clone()), &found, "{memory:?}, {steps} steps");
        }
    }
}

#[test]
fn closures_give_products_with_the_hessian() {
    type D = Var<Dual<f64, 1>>;
    let (x, v) = ([&FIRST[..], &PARAMS].concat(), [0.3, -1.0, 0.5, 2.0, -0.7]);
    let direction = ([0.3, -1.0, 0.5], [2.0, -0.7]);
    for steps in [0, 1, 20] {
        let data = seen(steps);
        let rows: Vec<[D; 2]> =
            data.chunks_exact(2).map(|row| [row[0], row[1]].map(|x| D::constant(Dual::constant(x)))).collect();
        let last = hvp(|x: &[_]| unrolled(x, &data, false, true), &x[..], &v[..]);
        let over_time = hvp(|x: &[_]| unrolled(x, &data, true, false), &x[..], &v[..]);
        for memory in memories(steps) {
            let run = Simulation::new(steps).memory(memory.clone());
            let step = |s: [D; 3], p: [D; 2], t: usize| eating(&s, &p, &rows[t]);
            let a = run.hvp(FIRST, PARAMS, direction, |s, p, t| step(s, p, t).0, |s, p| end(&[&s[..], &p].concat()));
            let b = run.hvp_over_time(FIRST, PARAMS, direction, step).unwrap();
            let a = a.unwrap();
            assert_near(&[&a.state[..], &a.params].concat(), &last, 1e-12);
            assert_near(&[&b.state[..], &b.params].concat(), &over_time, 1e-12);
        }
    }
}

#[test]
fn states_and_parameters_have_any_shape() {
    let table = vec![0.1, 0.2, 0.3];
    let run = Simulation::new(6).memory(Memory::Slots(2));
    // A slice and a number as the state; a pair of a number and an array as parameters.
    let found = run.value_and_grad(
        (&table, 1.0),
        (0.5, [2.0, 3.0]),
        |(s, a): (&[Var<f64>], Var<f64>), (k, w), t| {
            let next: Vec<Var<f64>> = s.iter().map(|x| (*x * w[t % 2] + a * k).sin()).collect();
            (next, a * 0.9 + s[0] * 0.1)
        },
        |(s, a), _| s.iter().copied().sum::<Var<f64>>() * a,
    );
    let found = found.unwrap();
    let x = [0.1, 0.2, 0.3, 1.0, 0.5, 2.0, 3.0];
    let whole = |x: &[Var<f64>]| {
        let (mut s, mut a) = (x[..3].to_vec(), x[3]);
        for t in 0..6 {
            let next = s.iter().map(|y| (*y * x[5 + t % 2] + a * x[4]).sin()).collect();
            (s, a) = (next, a * 0.9 + s[0] * 0.1);
        }
        s.iter().copied().sum::<Var<f64>>() * a
    };
    let g = grad(whole, &x);
    let (by_table, by_number): (Vec<f64>, f64) = found.state;
    let (k, w): (f64, [f64; 2]) = found.params;
    assert_near(&[&by_table[..], &[by_number, k], &w].concat(), &g, 1e-14);
}

#[test]
fn single_precision_closures() {
    let run = Simulation::new(30).memory(Memory::Slots(3));
    let found = run.value_and_grad(1.0_f32, 0.9_f32, |s, p, _| s * p, |s, _| s).unwrap();
    let wanted = 0.9_f32.powi(29);
    assert!((found.state - wanted * 0.9).abs() < 1e-6 && (found.params - 30.0 * wanted).abs() < 1e-5);
}

#[test]
fn an_empty_state_has_parameters_alone() {
    let none: [f64; 0] = [];
    let run = Simulation::new(5).memory(Memory::Slots(2));
    let found = run.value_and_grad_over_time(none, 3.0, |s, p, t| (s, p * t as f64)).unwrap();
    assert_eq!((found.value, found.params), (30.0, 10.0));
    let found = run.value_and_grad(none, 3.0, |s, _, _| s, |_, p| p * p).unwrap();
    assert_eq!((found.value, found.params), (9.0, 6.0));
    let step = Compiled::<f64>::of(&record(2, |x| x[0] * x[1]));
    let found = run.compiled(&step).data(&[1.0, 2.0, 3.0, 4.0, 5.0], 1).value_and_grad(none, 3.0).unwrap();
    assert_eq!((found.value, found.params), (45.0, 15.0));
}

#[test]
fn what_is_not_finite_stays_so() {
    let run = Simulation::new(4).memory(Memory::Slots(2));
    let found = run.value_and_grad(0.0_f64, 1.0, |s, p, _| s + p.ln().sqrt() / s, |s, _| s).unwrap();
    assert!(found.value.is_nan() && found.state.is_nan());
    let step = Compiled::<f64>::of(&record(2, |x| x[0] + x[1].ln().sqrt() / x[0]));
    let end = Compiled::<f64>::of(&record(2, |x| x[0] * x[1]));
    let found = run.compiled(&step).loss(&end).value_and_grad(0.0, 1.0).unwrap();
    assert!(found.value.is_nan() && found.state.is_nan());
}

#[test]
fn a_step_that_changes_the_number_of_numbers_panics() {
    let run = Simulation::new(3);
    let line = line!() + 1;
    let panic = panic_of(|| run.value_and_grad([1.0, 2.0], 0.0, |[a, _], p, _| [a * p], |[a, _], _| a));
    let wanted = format!(
        "cannot go on with the state that step 0 of a simulation gave: it has 1 numbers, the first 2 (called at {}:{line}:",
        file!()
    );
    assert!(panic.text.starts_with(&wanted), "{}", panic.text);
}

#[test]
fn compiled_loops_keep_their_bytes() {
    // Heat in a rod, long enough that states are what takes the memory.
    fn rod<R: Real>(x: &[R]) -> Vec<R> {
        let heat = &x[..200];
        let rows = Rows::new(198).vary(&heat[..198], 1).vary(&heat[1..199], 1).vary(&heat[2..], 1);
        let [inner] = R::map_rows(&rows, |r| [r[1] + (r[0] - r[1] * 2.0 + r[2]) * x[200]]);
        [&[heat[0]], &inner[..], &[heat[199], heat[100].square()]].concat()
    }
    let steps = 300;
    let first: Vec<f64> = (0..200).map(|i| f64::from(i % 17)).collect();
    // Programs keep the memory of a run for the next, so each budget has its own.
    let run = |memory| {
        let program = compile(&function!(rod -> Vec<R>), 201);
        program.ready_for(Derived::Values).unwrap();
        program.ready_for(Derived::Vjp).unwrap();
        peak_of(|| Simulation::new(steps).memory(memory).compiled(&program).value_and_grad(&first, 0.2))
    };
    let all = run(Memory::All).0.unwrap();
    let error = run(Memory::Bytes(10)).0.unwrap_err().to_string();
    let least: usize = error.split("at least ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!(run(Memory::Bytes(least - 1)).0.is_err());
    let mut last = u64::MAX;
    for budget in [0, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20].map(|more| least + more) {
        let (found, peak) = run(Memory::Bytes(budget));
        let found = found.unwrap();
        assert!(peak as usize <= budget, "{peak} of {budget} bytes");
        assert_eq!((found.value, &found.state, found.params), (all.value, &all.state, all.params));
        assert_eq!(Some(found.report.counts.evaluations), found.report.evaluations);
        assert!(found.report.counts.evaluations <= last);
        last = found.report.counts.evaluations;
    }
    assert_eq!(last, steps as u64, "a million bytes hold all states");
}

#[test]
fn compiled_loops_take_no_more_for_more_steps() {
    let program = compile(&function!(eating_flat -> Vec<R>), 7);
    let peak = |steps| {
        let data = vec![0.01; 2 * steps];
        let run = Simulation::new(steps).memory(Memory::Slots(5)).compiled(&program).data(&data, 2);
        let (found, peak) = peak_of(|| run.value_and_grad(FIRST, PARAMS).unwrap());
        assert_eq!(found.report.counts.peak_slots, 5);
        peak
    };
    peak(10);
    assert_eq!(peak(100), peak(10_000));
}

/// Gives another number each time.
#[derive(Clone, Copy)]
struct Fickle;

impl Operation for Fickle {
    fn name(&self) -> &'static str {
        "fickle"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        vec![x[0] + CALLS.fetch_add(1, Ordering::Relaxed) as f64]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0]]
    }
}

#[test]
fn a_compiled_step_that_gives_another_state_again_is_an_error() {
    fn fickle<R: Real>(x: &[R]) -> Vec<R> {
        vec![R::call(&Fickle, x)[0].sin()]
    }
    let (step, end) = (compile(&function!(fickle -> Vec<R>), 1), Compiled::of(&record(1, |x| x[0])));
    let none: [f64; 0] = [];
    let run = |memory| Simulation::new(5).memory(memory).compiled(&step).loss(&end).value_and_grad(0.5, none);
    let error = run(Memory::Slots(2)).unwrap_err().to_string();
    assert!(error.starts_with("cannot sweep back over step 3 of a loop with checkpoints"), "{error}");
}

#[test]
fn states_on_disk_give_the_same_bits() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("simulation-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let memory = Memory::Disk { dir: dir.clone(), memory_slots: 2, disk_slots: 4 };
    let data = seen(40);
    let step = compile(&function!(eating_flat -> Vec<R>), 7);
    let found = [Memory::All, memory.clone()].map(|memory| {
        let run = Simulation::new(40).memory(memory);
        let compiled = run.compiled(&step).data(&data, 2).value_and_grad(FIRST, PARAMS).unwrap();
        let row = |t: usize| [data[2 * t], data[2 * t + 1]].map(Var::constant);
        let closure = run.value_and_grad_over_time(FIRST, PARAMS, |s, p, t| eating(&s, &p, &row(t))).unwrap();
        [compiled, closure].map(|found| {
            let (reads, read) =
                (found.report.counts.disk_reads, found.report.traffic.map_or(0, |traffic| traffic.read));
            assert_eq!((read > 0, read % reads.max(1)), (reads > 0, 0), "{}", found.report);
            bits((found.value, found.state, found.params))
        })
    });
    assert_eq!(found[0], found[1]);
    let single = Compiled::<f32>::of(&record(2, |x| [(x[0] * x[1]).sin(), x[0]]));
    let found = [Memory::All, memory].map(|memory| {
        let found = Simulation::new(40).memory(memory).compiled(&single).value_and_grad(1.0, 1.1).unwrap();
        [found.value, found.state, found.params].map(f32::to_bits)
    });
    assert_eq!(found[0], found[1]);
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0, "nothing stays");
    std::fs::remove_dir(&dir).unwrap();
}
