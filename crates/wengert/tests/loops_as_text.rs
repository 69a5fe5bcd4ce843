//! Lists with loops as text: golden ones, print and parse, what is refused.

use crate::operations::Polar;
use expect_test::{Expect, expect};
use wengert::{Boundary, Elementary, List, Operation, Real, Rows, Traced, record};

/// Prints, parses back to an equal list, and is legal.
fn prints_and_parses(list: &List) {
    let text = list.to_string();
    let parsed = List::parse_with(&text, list.operations()).unwrap_or_else(|why| panic!("{why} in\n{text}"));
    assert_eq!(&parsed, list, "{text}");
    assert_eq!(parsed.to_string(), text);
    assert_eq!((parsed.verify(), list.verify()), (Ok(()), Ok(())));
}

/// It reads so, and is read.
#[track_caller]
fn golden(list: &List, wanted: Expect) {
    wanted.assert_eq(&list.to_string());
    prints_and_parses(list);
}

/// A mixture model in one variable: the sum over data of a log of a sum over components.
fn mixture(x: &[Traced]) -> Traced {
    let data = [0.3, 1.0, -0.5, 2.0];
    Traced::sum_rows(&Rows::new(4).data(&data, 1), |row| {
        let component = |k: usize| x[k] - (row[0] - x[2 + k]).square() * x[4 + k].exp();
        Traced::log_sum_exp(&[component(0), component(1)])
    })
}

/// Steps of a decaying and driven state.
fn steps(x: &[Traced]) -> Traced {
    let drive = [1.0, -1.0, 0.5];
    let (state, total) = Traced::scan((x[0], Traced::lit(0.0)), &Rows::new(3).data(&drive, 1), |(y, total), row| {
        let next = y - x[1] * (y.sin() + row[0]);
        (next, total + next.square())
    });
    state * total
}

/// Observations of points by cameras, the residuals mapped; then what they sum to.
fn observations(x: &[Traced]) -> Traced {
    let (cameras, points) = x.split_at(4);
    let rows = Rows::new(3).gather(cameras, 2, &[0, 1, 1]).gather(points, 1, &[2, 0, 2]).data(&[0.5, 0.25, -1.0], 1);
    let [residual, weight] = Traced::map_rows(&rows, |row| [row[0] * row[2].exp() + row[1] - row[3], row[1].cos()]);
    residual[0] * weight[2] + residual[1].square() + residual[2]
}

/// The energy of the differences on a grid that is 1 outside, and their curvature along a ring.
fn differences(x: &[Traced]) -> Traced {
    let rows = Rows::new(6).stencil(x, &[2, 3], &[[0, 0], [0, 1], [1, 0]], Boundary::Constant(1.0));
    let energy = Traced::sum_rows(&rows, |row| (row[1] - row[0]).square() + (row[2] - row[0]).square());
    let ring = Rows::new(6).stencil(x, &[6], &[[-1], [1]], Boundary::Periodic);
    energy + Traced::sum_rows(&ring, |row| row[0] * row[1])
}

/// All pairs: a loop in a loop.
fn pairs(x: &[Traced]) -> Traced {
    let rows = Rows::new(3).vary(x, 1);
    Traced::sum_rows(&rows, |a| Traced::sum_rows(&rows, |b| (a[0] - b[0]).square().exp()) * a[0])
}

/// Steps in each of which all parts move: a map within a scan.
fn moves(x: &[Traced]) -> Traced {
    let start = vec![x[0], x[1], x[2]];
    let last = Traced::scan(start, &Rows::new(2), |state, _| {
        let mean = Traced::sum_of(&state) * 0.25;
        let [next] = Traced::map_rows(&Rows::new(3).vary(&state, 1), |part| [(part[0] * mean).sin() + x[3]]);
        next
    });
    last[0] * last[2]
}

/// Nothing of the row but that it is there, and an operation of one's own in the body.
fn turned(x: &[Traced]) -> Traced {
    let rows = Rows::new(4).data(&[0.5, f64::NAN, -0.0, f64::INFINITY], 1);
    Traced::sum_rows(&rows, |row| Traced::call(&Polar, &[x[0] * row[0], x[1]])[1]) + Traced::call(&Polar, x)[0]
}

#[test]
fn mixture_as_text() {
    let list = record(6, mixture);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1 v2 v3 v4 v5
        v6 = exp(v4)
        v7 = exp(v5)
        d0 = [0.3, 1.0, -0.5, 2.0]
        v8 = loop 4 {
          data v0 from d0
          captured v1 v2 v3 v4 v5 v6 from v2 v6 v0 v3 v7 v1
          v7 = sub(v0, v1)
          v8 = square(v7)
          v9 = mul(v8, v2)
          v10 = sub(v3, v9)
          v11 = sub(v0, v4)
          v12 = square(v11)
          v13 = mul(v12, v5)
          v14 = sub(v6, v13)
          v15 = log_sum_exp(v10, v14)
          sum v15
        }
        outputs v8
    "#]],
    );
    golden(
        &list.gradient(),
        expect![[r#"
        inputs v0 v1 v2 v3 v4 v5
        v6 = exp(v4)
        v7 = exp(v5)
        d0 = [0.3, 1.0, -0.5, 2.0]
        v8..v13 = loop 4 {
          data v0 from d0
          captured v1 v2 v3 v4 v5 v6 from v2 v6 v0 v3 v7 v1
          v7 = sub(v0, v1)
          v8 = square(v7)
          v9 = mul(v8, v2)
          v10 = sub(v3, v9)
          v11 = sub(v0, v4)
          v12 = square(v11)
          v13 = mul(v12, v5)
          v14 = sub(v6, v13)
          v15 = max_of(v10, v14)
          v16 = stop_gradient(v15)
          v17 = exp_sub(v10, v16)
          v18 = exp_sub(v14, v16)
          v19 = sum(v17, v18)
          v20 = lt(v10, v15)
          v21 = 0.0
          v22 = select(v20, v17, v21)
          v23 = lt(v14, v15)
          v24 = select(v23, v18, v21)
          v25 = exp_sub(v16, v15)
          v26 = sum(v22, v24)
          v27 = mul(v26, v25)
          v28 = 2.0
          v29 = lt(v19, v28)
          v30 = 1.0
          v31 = add(v27, v30)
          v32 = recip(v31)
          v33 = eq(v10, v15)
          v34 = and(v33, v29)
          v35 = div(v17, v19)
          v36 = select(v34, v32, v35)
          v37 = eq(v14, v15)
          v38 = and(v37, v29)
          v39 = div(v18, v19)
          v40 = select(v38, v32, v39)
          v41 = neg(v40)
          v42 = strong_mul(v41, v5)
          v43 = mul(v11, v28)
          v44 = strong_mul(v42, v43)
          v45 = neg(v36)
          v46 = strong_mul(v45, v2)
          v47 = mul(v7, v28)
          v48 = strong_mul(v46, v47)
          v49 = strong_mul(v45, v8)
          v50 = strong_mul(v41, v12)
          sum v48 v49 v36 v44 v50 v40
        }
        v14 = neg(v8)
        v15 = neg(v11)
        v16 = strong_mul(v9, v6)
        v17 = strong_mul(v12, v7)
        outputs v10 v13 v14 v15 v16 v17
    "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

#[test]
fn steps_as_text() {
    let list = record(2, steps);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1
        v2 = 0.0
        d0 = [1.0, -1.0, 0.5]
        v3..v4 = loop 3 {
          carry v0 v1 from v0 v2
          data v2 from d0
          captured v3 from v1
          v4 = sin(v0)
          v5 = add(v4, v2)
          v6 = mul(v3, v5)
          v7 = sub(v0, v6)
          v8 = square(v7)
          v9 = add(v1, v8)
          next v7 v9
        }
        v5 = mul(v3, v4)
        outputs v5
    "#]],
    );
    golden(
        &list.gradient(),
        expect![[r#"
        inputs v0 v1
        v2 = 0.0
        d0 = [1.0, -1.0, 0.5]
        v3..v7 = loop 3 {
          carry v0 v1 from v0 v2
          data v2 from d0
          captured v3 from v1
          v4 = sin(v0)
          v5 = add(v4, v2)
          v6 = mul(v3, v5)
          v7 = sub(v0, v6)
          v8 = square(v7)
          v9 = add(v1, v8)
          next v7 v9
          map v0
        }
        v8..v9 = loop 3 reversed {
          carry v0 from v4
          data v1 from d0
          vary v2 from v5 v6 v7
          captured v3 v4 from v1 v3
          v5 = sin(v2)
          v6 = add(v5, v1)
          v7 = mul(v3, v6)
          v8 = sub(v2, v7)
          v9 = 2.0
          v10 = mul(v8, v9)
          v11 = strong_mul(v4, v10)
          v12 = add(v0, v11)
          v13 = neg(v12)
          v14 = strong_mul(v13, v3)
          v15 = cos(v2)
          v16 = strong_mul(v14, v15)
          v17 = add(v12, v16)
          v18 = strong_mul(v13, v6)
          next v17
          sum v18
        }
        outputs v8 v9
    "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

#[test]
fn differences_as_text() {
    let list = record(6, differences);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1 v2 v3 v4 v5
        v6 = loop 6 {
          stencil v0 v1 v2 from v0 v1 v2 v3 v4 v5 over [2, 3] in [2, 3] at [0, 0] [0, 1] [1, 0] else 1.0
          v3 = sub(v1, v0)
          v4 = square(v3)
          v5 = sub(v2, v0)
          v6 = square(v5)
          v7 = add(v4, v6)
          sum v7
        }
        v7 = loop 6 {
          stencil v0 v1 from v5 v0 v1 v2 v3 v4 v5 v0 over [6] in [8] at [0] [2] else 0.0
          v2 = mul(v0, v1)
          sum v2
        }
        v8 = add(v6, v7)
        outputs v8
    "#]],
    );
    golden(
        &list.gradient().optimise(),
        expect![[r#"
            inputs v0 v1 v2 v3 v4 v5
            v6..v17 = loop 6 {
              stencil v0 v1 from v5 v0 v1 v2 v3 v4 v5 v0 over [6] in [8] at [0] [2] else 0.0
              map v1
              map v0
            }
            v18..v25 = loop 8 {
              stencil v0 from v6 v7 v8 v9 v10 v11 over [8] in [6] at [0] else 0.0
              stencil v1 from v12 v13 v14 v15 v16 v17 over [8] in [6] at [-2] else 0.0
              v2 = add(v0, v1)
              map v2
            }
            v26..v43 = loop 6 {
              stencil v0 v1 v2 from v0 v1 v2 v3 v4 v5 over [2, 3] in [2, 3] at [0, 0] [0, 1] [1, 0] else 1.0
              v3 = sub(v1, v0)
              v4 = sub(v2, v0)
              v5 = 2.0
              v6 = mul(v4, v5)
              v7 = mul(v3, v5)
              v8 = -2.0
              v9 = dot(v4, v8, v3, v8)
              map v9
              map v7
              map v6
            }
            v44..v49 = loop 6 {
              vary v0 from v26 v27 v28 v29 v30 v31
              stencil v1 from v32 v33 v34 v35 v36 v37 over [2, 3] in [2, 3] at [0, -1] else 0.0
              stencil v2 from v38 v39 v40 v41 v42 v43 over [2, 3] in [2, 3] at [-1, 0] else 0.0
              v3 = sum(v0, v1, v2)
              map v3
            }
            v50 = sum(v19, v25, v44)
            v51 = add(v20, v45)
            v52 = add(v21, v46)
            v53 = add(v22, v47)
            v54 = add(v23, v48)
            v55 = sum(v18, v24, v49)
            outputs v50 v51 v52 v53 v54 v55
        "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

#[test]
fn observations_as_text() {
    let list = record(7, observations);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1 v2 v3 v4 v5 v6
        i0 = [0, 1, 1]
        i1 = [2, 0, 2]
        d0 = [0.5, 0.25, -1.0]
        v7..v12 = loop 3 {
          gather v0 v1 from v0 v1 v2 v3 by i0
          gather v2 from v4 v5 v6 by i1
          data v3 from d0
          v4 = exp(v2)
          v5 = mul(v0, v4)
          v6 = add(v5, v1)
          v7 = sub(v6, v3)
          v8 = cos(v1)
          map v7
          map v8
        }
        v13 = mul(v7, v12)
        v14 = square(v8)
        v15 = add(v13, v14)
        v16 = add(v15, v9)
        outputs v16
    "#]],
    );
    golden(
        &list.gradient(),
        expect![[r#"
        inputs v0 v1 v2 v3 v4 v5 v6
        i0 = [0, 1, 1]
        i1 = [2, 0, 2]
        d0 = [0.5, 0.25, -1.0]
        v7..v12 = loop 3 {
          gather v0 v1 from v0 v1 v2 v3 by i0
          gather v2 from v4 v5 v6 by i1
          data v3 from d0
          v4 = exp(v2)
          v5 = mul(v0, v4)
          v6 = add(v5, v1)
          v7 = sub(v6, v3)
          v8 = cos(v1)
          map v7
          map v8
        }
        v13 = 2.0
        v14 = mul(v8, v13)
        v15 = 1.0
        v16 = 0.0
        v17..v23 = loop 3 {
          gather v0 v1 from v0 v1 v2 v3 by i0
          gather v2 from v4 v5 v6 by i1
          vary v3 from v12 v14 v15
          vary v4 from v16 v16 v7
          v5 = exp(v2)
          v6 = sin(v1)
          v7 = neg(v6)
          v8 = strong_mul(v3, v0)
          v9 = strong_mul(v3, v5)
          v10 = strong_mul(v4, v7)
          v11 = add(v3, v10)
          v12 = strong_mul(v8, v5)
          scatter v9 v11 into 2 by i0
          scatter v12 into 3 by i1
        }
        outputs v17 v18 v19 v20 v21 v22 v23
    "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

#[test]
fn pairs_as_text() {
    let list = record(3, pairs);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1 v2
        v3 = loop 3 {
          vary v0 from v0 v1 v2
          captured v1 v2 v3 from v0 v1 v2
          v4 = loop 3 {
            vary v0 from v1 v2 v3
            captured v1 from v0
            v2 = sub(v1, v0)
            v3 = square(v2)
            v4 = exp(v3)
            sum v4
          }
          v5 = mul(v4, v0)
          sum v5
        }
        outputs v3
    "#]],
    );
    golden(
        &list.gradient(),
        expect![[r#"
        inputs v0 v1 v2
        v3..v8 = loop 3 {
          vary v0 from v0 v1 v2
          captured v1 v2 v3 from v0 v1 v2
          v4 = loop 3 {
            vary v0 from v1 v2 v3
            captured v1 from v0
            v2 = sub(v1, v0)
            v3 = square(v2)
            v4 = exp(v3)
            sum v4
          }
          v5..v8 = loop 3 {
            vary v0 from v1 v2 v3
            captured v1 from v0
            v2 = sub(v1, v0)
            v3 = square(v2)
            v4 = exp(v3)
            v5 = strong_mul(v1, v4)
            v6 = 2.0
            v7 = mul(v2, v6)
            v8 = strong_mul(v5, v7)
            v9 = neg(v8)
            sum v8
            map v9
          }
          v9 = add(v4, v5)
          sum v6 v7 v8
          map v9
        }
        v9 = add(v6, v3)
        v10 = add(v7, v4)
        v11 = add(v8, v5)
        outputs v9 v10 v11
    "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

#[test]
fn moves_as_text() {
    let list = record(4, moves);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1 v2 v3
        v4..v6 = loop 2 {
          carry v0 v1 v2 from v0 v1 v2
          captured v3 from v3
          v4 = sum(v0, v1, v2)
          v5 = 0.25
          v6 = mul(v4, v5)
          v7..v9 = loop 3 {
            vary v0 from v0 v1 v2
            captured v1 v2 from v6 v3
            v3 = mul(v0, v1)
            v4 = sin(v3)
            v5 = add(v4, v2)
            map v5
          }
          next v7 v8 v9
        }
        v7 = mul(v4, v6)
        outputs v7
    "#]],
    );
    golden(
        &list.gradient(),
        expect![[r#"
        inputs v0 v1 v2 v3
        v4..v12 = loop 2 {
          carry v0 v1 v2 from v0 v1 v2
          captured v3 from v3
          v4 = sum(v0, v1, v2)
          v5 = 0.25
          v6 = mul(v4, v5)
          v7..v9 = loop 3 {
            vary v0 from v0 v1 v2
            captured v1 v2 from v6 v3
            v3 = mul(v0, v1)
            v4 = sin(v3)
            v5 = add(v4, v2)
            map v5
          }
          next v7 v8 v9
          map v0 v1 v2
        }
        v13 = 0.0
        v14..v17 = loop 2 reversed {
          carry v0 v1 v2 from v6 v13 v4
          vary v3 v4 v5 from v7 v8 v9 v10 v11 v12
          v6 = sum(v3, v4, v5)
          v7 = 0.25
          v8 = mul(v6, v7)
          v9..v13 = loop 3 {
            vary v0 from v3 v4 v5
            vary v1 from v0 v1 v2
            captured v2 from v8
            v3 = mul(v0, v2)
            v4 = cos(v3)
            v5 = strong_mul(v1, v4)
            v6 = strong_mul(v5, v2)
            v7 = strong_mul(v5, v0)
            sum v7 v1
            map v6
          }
          v14 = mul(v9, v7)
          v15 = add(v11, v14)
          v16 = add(v12, v14)
          v17 = add(v13, v14)
          next v15 v16 v17
          sum v10
        }
        outputs v14 v15 v16 v17
    "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

#[test]
fn turned_as_text() {
    let list = record(2, turned);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1
        d0 = [0.5, NaN, -0.0, inf]
        v2 = loop 4 {
          data v0 from d0
          captured v1 v2 from v0 v1
          v3 = mul(v1, v0)
          v4 = polar.1(v3, v2)
          sum v4
        }
        v3 = polar.0(v0, v1)
        v4 = polar.1(v0, v1)
        v5 = add(v2, v3)
        outputs v5
    "#]],
    );
    golden(
        &list.gradient(),
        expect![[r#"
        inputs v0 v1
        v2 = polar.0(v0, v1)
        v3 = polar.1(v0, v1)
        v4 = cos(v1)
        v5 = 1.0
        v6 = mul(v5, v4)
        v7 = sin(v1)
        v8 = 0.0
        v9 = mul(v8, v7)
        v10 = add(v6, v9)
        v11 = mul(v8, v2)
        v12 = mul(v5, v3)
        v13 = sub(v11, v12)
        v14 = mul(v8, v4)
        v15 = mul(v5, v7)
        v16 = add(v14, v15)
        d0 = [0.5, NaN, -0.0, inf]
        v17..v18 = loop 4 {
          data v0 from d0
          captured v1 v2 from v0 v1
          v3 = mul(v1, v0)
          v4 = polar.0(v3, v2)
          v5 = polar.1(v3, v2)
          v6 = 1.0
          v7 = mul(v6, v4)
          v8 = 0.0
          v9 = mul(v8, v5)
          v10 = sub(v7, v9)
          sum v0 v10
        }
        v19 = strong_mul(v16, v17)
        v20 = add(v10, v19)
        v21 = add(v13, v18)
        outputs v20 v21
    "#]],
    );
    prints_and_parses(&list.gradient().jacobian());
    prints_and_parses(&list.pullback());
}

/// The head of a list, with two inputs, a mask and tables, and a loop of two rows around these lines.
fn in_a_loop(body: &str) -> String {
    let head = "inputs v0 v1\nv2 = lt(v0, v1)\nd0 = [1.0, 2.0]\ni0 = [1, 0]\n";
    format!("{head}v3..v4 = loop 2 {{\n{body}\n}}\noutputs v3")
}

fn refused(text: &str, wanted: Expect) {
    let why = List::parse(text).map(|list| list.to_string()).expect_err("no legal list").to_string();
    wanted.assert_eq(why.strip_prefix("cannot read a list").expect("it begins so"));
}

#[test]
fn what_is_no_loop_is_refused() {
    let good = "carry v0 from v0\ndata v1 from d0\nv2 = add(v0, v1)\nnext v2\nsum v1";
    assert!(List::parse(&in_a_loop(good)).is_ok());
    let unclosed = List::parse("inputs v0\nv1 = loop 3 {").expect_err("no whole list").to_string();
    assert_eq!(unclosed, "cannot read a list: it ends without the `}` of a loop");
    let empty = |head: &str| format!("inputs v0\n{head}\n}}\noutputs v0");
    refused(
        &empty("v1 = loop {"),
        expect![" at line 2 (`v1 = loop {`): an operation is `name(v0, v1)` or `name[parameter](v0)`"],
    );
    refused(
        &empty("v1 = loop -1 {"),
        expect![" at line 2 (`v1 = loop -1 {`): the head of a loop is `v4 = loop 100 {` or `v4 = loop 100 reversed {`"],
    );
    refused(
        &empty("v1 = loop 1000000000000000000 {"),
        expect![
            " at line 2 (`v1 = loop 1000000000000000000 {`): 1000000000000000000 rows are too many: a loop has fewer than 2^32"
        ],
    );
    refused(
        &empty("v1 = loop 99999999999999999999 {"),
        expect![
            " at line 2 (`v1 = loop 99999999999999999999 {`): the head of a loop is `v4 = loop 100 {` or `v4 = loop 100 reversed {`"
        ],
    );
    refused(&empty("v2 = loop 3 {"), expect![" at line 2 (`v2 = loop 3 {`): expected v1, found `v2`"]);
    refused(&empty("v1..v0 = loop 3 {"), expect![" at line 2 (`v1..v0 = loop 3 {`): expected v1, found `v1..v0`"]);
    refused(&empty("v1 = loop 3 {"), expect![" at line 3 (`}`): the loop has no result; give it a `sum`, say"]);
    refused(
        &empty("v1 = loop 3 {\nv0 = 1.0\nsum v0 v0"),
        expect![" at line 5 (`}`): the loop has 2 results, v1..v2, and not v1"],
    );
    refused(
        &empty("v1..v2 = loop 3 {\nv0 = 1.0\nsum v0"),
        expect![" at line 5 (`}`): the loop has 1 results, v1, and not v1..v2"],
    );
    refused("inputs v0\nv1 = loop 3 {\nv0 = 1.0\nsum v0", expect![": it ends without the `}` of a loop"]);
    refused("inputs v0\n}\noutputs v0", expect![" at line 2 (`}`): expected v1, found `}`"]);
    refused(
        &("inputs v0\n".to_owned() + &"v1 = loop 3 {\ncaptured v0 from v0\n".repeat(70)),
        expect![" at line 130 (`v1 = loop 3 {`): loops are nested at most 64 deep"],
    );
}

#[test]
fn what_is_no_body_is_refused() {
    let refused = |body: &str, wanted: Expect| refused(&in_a_loop(body), wanted);
    refused(
        "carry v0 from v0\nv1 = sin(v0)\nsum v1",
        expect![" at line 8 (`sum v1`): `next` is missing: 1 numbers are carried"],
    );
    refused(
        "carry v0 from v0\nv1 = sin(v0)\nnext v1 v0",
        expect![" at line 8 (`next v1 v0`): 2 numbers are carried on, and 1 came in"],
    );
    refused(
        "carry v0 v1 from v0",
        expect![" at line 6 (`carry v0 v1 from v0`): 2 numbers are carried, and begin as 1 lines"],
    );
    refused("carry v0", expect![" at line 6 (`carry v0`): write `carry v0 from ..`"]);
    refused("carry from v0", expect![" at line 6 (`carry from v0`): `carry` has at least one number"]);
    refused("carry v1 from v0", expect![" at line 6 (`carry v1 from v0`): expected v0, found `v1`"]);
    refused("carry v0 from v2", expect![" at line 6 (`carry v0 from v2`): v2 is a mask; what is carried is a number"]);
    refused("carry v0 from v3", expect![" at line 6 (`carry v0 from v3`): `v3` is not an earlier line"]);
    refused(
        "captured v0 v1 from v1",
        expect![" at line 6 (`captured v0 v1 from v1`): 2 numbers are captured from 1 lines"],
    );
    refused(
        "captured v0 from v1\ndata v1 from d0",
        expect![
            " at line 7 (`data v1 from d0`): `data` has no place here: a body is `carry`, columns (`data`, `vary`, `gather`, `stencil`), `captured`, lines, `next`, then what it gives (`sum`, `map`, `scatter`), in this order"
        ],
    );
    refused(
        "captured v0 from v1\ncaptured v1 from v1",
        expect![
            " at line 7 (`captured v1 from v1`): `captured` has no place here: a body is `carry`, columns (`data`, `vary`, `gather`, `stencil`), `captured`, lines, `next`, then what it gives (`sum`, `map`, `scatter`), in this order"
        ],
    );
    refused("data v0 v1 from d0", expect![" at line 6 (`data v0 v1 from d0`): 2 rows of 2 are not made of 2 numbers"]);
    refused("data v0 from d1", expect![" at line 6 (`data v0 from d1`): `d1` is not data that stands further up"]);
    refused("data v0 from i0", expect![" at line 6 (`data v0 from i0`): `i0` is not data that stands further up"]);
    refused(
        "vary v0 from v0 v1 v0",
        expect![" at line 6 (`vary v0 from v0 v1 v0`): 2 rows of 1 are not made of 3 numbers"],
    );
    refused(
        "gather v0 v1 from v0 v1 v1 by i0",
        expect![" at line 6 (`gather v0 v1 from v0 v1 v1 by i0`): 3 lines are not whole groups of 2"],
    );
    refused(
        "gather v0 from v0 by i0",
        expect![" at line 6 (`gather v0 from v0 by i0`): the index has 1, and there are 1 groups, counted from 0"],
    );
    refused(
        "stencil v0 from v0 v1 over [2] in [2] else 0.0",
        expect![
            " at line 6 (`stencil v0 from v0 v1 over [2] in [2] else 0.0`): write `stencil v0 from v0..v5 over [2, 3] in [2, 3] at [0, -1] else 0.0`"
        ],
    );
    refused(
        "stencil v0 from v0 v1 over [2] in [2] at [1] [0] else 0.0",
        expect![
            " at line 6 (`stencil v0 from v0 v1 over [2] in [2] at [1] [0] else 0.0`): 1 neighbours on a grid of 1 axes have each as many offsets"
        ],
    );
    refused(
        "stencil v0 from v0 v1 over [3] in [2] at [1] else 0.0",
        expect![" at line 6 (`stencil v0 from v0 v1 over [3] in [2] at [1] else 0.0`): a grid of [3] has not 2 rows"],
    );
    refused(
        "stencil v0 from v0 v1 over [2] in [3] at [1] else 0.0",
        expect![
            " at line 6 (`stencil v0 from v0 v1 over [2] in [3] at [1] else 0.0`): a field of 3 cells is not made of 2 lines"
        ],
    );
    refused(
        "stencil v0 from v0 v1 over [2] in [2] at 1 else 0.0",
        expect![" at line 6 (`stencil v0 from v0 v1 over [2] in [2] at 1 else 0.0`): `1` is not numbers in brackets"],
    );
    refused(
        "stencil v0 from v0 over [2] in [4294967296, 4294967296] at [1] else 0.0",
        expect![
            " at line 6 (`stencil v0 from v0 over [2] in [4294967296, 4294967296] at [1] else 0.0`): 1 neighbours are not [1] from [2] in [4294967296, 4294967296]"
        ],
    );
    refused(
        "stencil v0 from v0 over [2] in [4294967296] at [1] else 0.0",
        expect![
            " at line 6 (`stencil v0 from v0 over [2] in [4294967296] at [1] else 0.0`): a field of [4294967296] has too many cells: it has fewer than 2^32"
        ],
    );
    refused(
        "stencil v0 from v0 v1 over [2] in [2] at [4294967296] else 0.0",
        expect![
            " at line 6 (`stencil v0 from v0 v1 over [2] in [2] at [4294967296] else 0.0`): an offset of 4294967296 is too far: it is less than 2^32"
        ],
    );
    refused("gather v0 from v0 v1", expect![" at line 6 (`gather v0 from v0 v1`): write `gather v0 from v3 v4 by i0`"]);
    refused(
        "v0 = 1.0\nscatter v0 into 1 by i0",
        expect![" at line 7 (`scatter v0 into 1 by i0`): the index has 1, and there are 1 groups, counted from 0"],
    );
    refused(
        "v0 = 1.0\nscatter v0 into 5000000000 by i0",
        expect![
            " at line 7 (`scatter v0 into 5000000000 by i0`): 5000000000 groups are too many: a loop has fewer than 2^32"
        ],
    );
    refused("v0 = 1.0\nscatter v0 by i0", expect![" at line 7 (`scatter v0 by i0`): write `scatter v4 into 3 by i0`"]);
    refused("v0 = 1.0\nmap", expect![" at line 7 (`map`): `map` has at least one number"]);
    refused(
        "v0 = 1.0\nsum v0\nv1 = 2.0",
        expect![
            " at line 8 (`v1 = 2.0`): `v1` has no place here: a body is `carry`, columns (`data`, `vary`, `gather`, `stencil`), `captured`, lines, `next`, then what it gives (`sum`, `map`, `scatter`), in this order"
        ],
    );
    refused(
        "v0 = 1.0\noutputs v0",
        expect![" at line 7 (`outputs v0`): a body ends with `next`, `sum`, `map` or `scatter`, then `}`"],
    );
    refused(
        "v0 = 1.0\nv1 = lt(v0, v0)\nsum v1",
        expect![" at line 8 (`sum v1`): v1 is a mask; what a loop gives is a number"],
    );
    refused(
        "v0 = 1.0\nsum v0\n} else",
        expect![
            " at line 8 (`} else`): `}` has no place here: a body is `carry`, columns (`data`, `vary`, `gather`, `stencil`), `captured`, lines, `next`, then what it gives (`sum`, `map`, `scatter`), in this order"
        ],
    );
}

#[test]
fn tables_and_runs_that_are_none_are_refused() {
    refused("inputs v0\nd1 = [1.0]\noutputs v0", expect![" at line 2 (`d1 = [1.0]`): expected d0 or i0, found `d1`"]);
    refused("inputs v0\nd0 = [1.0\noutputs v0", expect![" at line 2 (`d0 = [1.0`): a closing bracket is missing"]);
    refused(
        "inputs v0\nd0 = [1.0,,2.0]\noutputs v0",
        expect![" at line 2 (`d0 = [1.0,,2.0]`): `` is not such a number as stands there"],
    );
    refused(
        "inputs v0\ni0 = [-1]\noutputs v0",
        expect![" at line 2 (`i0 = [-1]`): `-1` is not such a number as stands there"],
    );
    refused(
        "inputs v0\ni0 = [4294967296]\noutputs v0",
        expect![" at line 2 (`i0 = [4294967296]`): `4294967296` is not such a number as stands there"],
    );
    refused(
        "inputs v0..v4000000000\noutputs v0",
        expect![
            " at line 1 (`inputs v0..v4000000000`): the runs and the loops up to here stand for more than 67108864 lines, which is more than is read"
        ],
    );
    refused("inputs v1..v9\noutputs v0", expect![" at line 1 (`inputs v1..v9`): expected v0, found `v1..v9`"]);
    refused(
        "inputs v0..v9\nv10 = sum(v3..v10)\noutputs v0",
        expect![" at line 2 (`v10 = sum(v3..v10)`): `v3..v10` is not an earlier line"],
    );
    refused(
        "inputs v0..v9\nv10 = sum(v4..v3)\noutputs v0",
        expect![" at line 2 (`v10 = sum(v4..v3)`): the run `v4..v3` ends before it begins"],
    );
    let many = "inputs v0..v9999999\n".to_owned()
        + &(0..9).map(|i| format!("v{} = sum(v0..v9999999)\n", 10_000_000 + i)).collect::<String>();
    refused(
        &many,
        expect![
            " at line 7 (`v10000005 = sum(v0..v9999999)`): the runs and the loops up to here stand for more than 67108864 lines, which is more than is read"
        ],
    );
    let maps = (0..3).map(|i| {
        let (first, last) = (1 + i * 30_000_000, (i + 1) * 30_000_000);
        format!("v{first}..v{last} = loop 30000000 {{\ncaptured v0 from v0\nmap v0\n}}\n")
    });
    refused(
        &("inputs v0\n".to_owned() + &maps.collect::<String>()),
        expect![
            " at line 13 (`}`): the runs and the loops up to here stand for more than 67108864 lines, which is more than is read"
        ],
    );
    let long = format!("inputs v0\nv1 = {}\noutputs v1", "sin".repeat(1000));
    assert!(List::parse(&long).expect_err("no operation").to_string().len() < 400);
}

#[test]
fn tables_are_printed_once() {
    let data: Vec<f64> = (0..6).map(f64::from).collect();
    let rows = || Rows::new(3).data(&data, 2);
    let list = record(2, |x| {
        let both = Traced::sum_rows(&rows(), |row| (row[0] * x[0]).sin() + (row[1] * x[1]).cos());
        both * Traced::sum_rows(&rows(), |row| (row[0] + x[0]).exp() / (row[1] + x[1]))
    });
    for list in [&list, &list.gradient(), &list.gradient().jacobian()] {
        prints_and_parses(list);
        assert_eq!(list.to_string().matches("[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]").count(), 1, "{list}");
    }
}

#[test]
fn names_are_comments_in_a_body_too() {
    let list = record(1, |x| {
        let body = |row: &[Traced]| (row[0] * x[0]).tag("angle").sin().tag("two\nlines");
        Traced::sum_rows(&Rows::new(2).data(&[1.0, 2.0], 1), body).tag("total")
    });
    expect![[r#"
        inputs v0
        d0 = [1.0, 2.0]
        v1 = loop 2 { ; total
          data v0 from d0
          captured v1 from v0
          v2 = mul(v0, v1) ; angle
          v3 = sin(v2) ; two lines
          sum v3
        }
        outputs v1
    "#]]
    .assert_eq(&list.to_string());
    assert_eq!(List::parse(&list.to_string()).as_ref(), Ok(&list));
}

/// Operations of one name with different data.
#[derive(Clone)]
struct Scaled(f64);

impl Operation for Scaled {
    fn name(&self) -> &'static str {
        "scaled"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![self.0 * x[0]]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0] * self.0]
    }
}

#[test]
fn operations_in_bodies_are_named_by_their_place_in_the_list() {
    let scaled = |by: f64, x: Traced| Traced::call(&Scaled(by), &[x])[0];
    let list = record(2, |x| {
        let rows = Rows::new(2).vary(x, 1);
        let inner = |a: Traced| Traced::sum_rows(&rows, |row| scaled(2.0, row[0] * a));
        Traced::sum_rows(&rows, |row| inner(scaled(3.0, row[0]))) + scaled(4.0, x[0])
    });
    assert_eq!(list.operations().len(), 3);
    golden(
        &list,
        expect![[r#"
        inputs v0 v1
        v2 = loop 2 {
          vary v0 from v0 v1
          captured v1 v2 from v0 v1
          v3 = scaled#0.0(v0)
          v4 = loop 2 {
            vary v0 from v1 v2
            captured v1 from v3
            v2 = mul(v0, v1)
            v3 = scaled#1.0(v2)
            sum v3
          }
          sum v4
        }
        v3 = scaled#2.0(v0)
        v4 = add(v2, v3)
        outputs v4
    "#]],
    );
    let parsed = List::parse_with(&list.to_string(), list.operations()).expect("a printed list");
    assert_eq!((parsed.run(&[0.5, 2.0]), list.run(&[0.5, 2.0])), (vec![39.5], vec![39.5]));
    prints_and_parses(&list.gradient());
    assert!(List::parse(&list.to_string()).is_err());
}

/// Its results are the carry as it came, and zeros.
#[test]
fn loops_without_rows_have_values_and_derivatives() {
    let text = "inputs v0 v1\nd0 = []\ni0 = []\nv2..v6 = loop 0 {\n  carry v0 v1 from v1 v0\n  data v2 from d0\n  \
                captured v3 from v0\n  v4 = 1.0\n  v5 = mul(v0, v3)\n  next v4 v5\n  sum v2\n  map v3\n  \
                scatter v3 into 2 by i0\n}\nv7 = mul(v2, v3)\nv8 = exp(v4)\nv9 = add(v7, v8)\noutputs v9\n";
    let list = List::parse(text).expect("a legal list");
    prints_and_parses(&list);
    assert_eq!(list.values(&[2.0, 3.0]), [2.0, 3.0, 3.0, 2.0, 0.0, 0.0, 0.0, 6.0, 1.0, 7.0]);
    let gradient = list.gradient();
    prints_and_parses(&gradient);
    assert_eq!(
        (gradient.run(&[2.0, 3.0]), gradient.jacobian().run(&[2.0, 3.0])),
        (vec![3.0, 2.0], vec![0.0, 1.0, 1.0, 0.0])
    );
}

/// It takes a few seconds in a debug build; a cost that grows with the square would take hours.
#[test]
fn a_million_lines_and_numbers_print_and_parse() {
    const ROWS: usize = 250_000;
    let data: Vec<f64> = (0..2 * ROWS).map(|i| i as f64 / 7.0).collect();
    let index: Vec<u32> = (0..ROWS as u32).map(|i| i % 1000).collect();
    let list = record(ROWS, |x| {
        let rows = Rows::new(ROWS).data(&data, 2).vary(x, 1).gather(&x[..1000], 1, &index);
        let [y] = Traced::map_rows(&rows, |row| [row[0] * row[2] + row[1] * row[3]]);
        y.windows(2).fold(x[0], |sum, pair| sum * pair[0] + pair[1])
    });
    assert_eq!(list.len(), 4 * ROWS - 2);
    prints_and_parses(&list);
}
