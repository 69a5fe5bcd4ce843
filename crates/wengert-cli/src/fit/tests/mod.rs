//! Tests of the fit: closed forms, what is refused and how, and that convergence is never claimed where there is none.

use super::binding::Request;
use super::data::Data;
use super::linear::Factors;
use super::problem::{Problem, Source};
use super::{Fit, fit};
use crate::expression::Expression;
use crate::failure::Outcome;
use expect_test::{Expect, expect};
use nalgebra::{DMatrix, DVector};

mod certified;
mod linear;
mod rows;
mod table;

const LINE: &str = "x,y\n1,3\n2,5\n3,7\n4,9.5\n5,11\n";

fn fitted(model: &str, csv: &str, y: &str, start: &str) -> Outcome<Fit> {
    let data = Data::parse("data.csv".to_owned(), csv.as_bytes())?;
    let request = Request {
        source: model,
        model: &Expression::parse(model)?,
        data: &data,
        response: y,
        start: &[start.to_owned()],
    };
    let (problem, start) = request.bind()?;
    fit(&problem, &data, &start)
}

fn found(model: &str, csv: &str, start: &str) -> Fit {
    fitted(model, csv, "y", start).unwrap_or_else(|failure| panic!("{model}: {}", failure.render(false)))
}

#[track_caller]
fn refused(model: &str, csv: &str, y: &str, start: &str, expected: Expect) {
    let failure = fitted(model, csv, y, start).expect_err("must be refused");
    assert_eq!(failure.code(), 2);
    expected.assert_eq(&failure.render(false));
}

#[track_caller]
fn bad_table(csv: &str, expected: Expect) {
    refused("a + b*x", csv, "y", "a=1,b=1", expected);
}

#[track_caller]
fn assert_close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-13 * b.abs(), "{a} against {b}");
}

/// Slope, intercept and their errors by the textbook: b = Sxy / Sxx, s^2 = rss / (n - 2), s_b^2 = s^2 / Sxx and
/// s_a^2 = s^2 (1/n + mean^2 / Sxx).
#[test]
fn a_straight_line_is_that_of_the_closed_form() {
    let fit = found("a + b*x", LINE, "a=0,b=0");
    let (n, mean, sxx, sxy) = (5.0, 3.0, 10.0, 20.5);
    let (slope, rss) = (sxy / sxx, 0.175_f64);
    let variance = rss / (n - 2.0);
    assert_close(fit.estimates[0], 7.1 - slope * mean);
    assert_close(fit.estimates[1], slope);
    assert_close(fit.rss, rss);
    assert_close(fit.error(0).unwrap(), (variance * (1.0 / n + mean * mean / sxx)).sqrt());
    assert_close(fit.error(1).unwrap(), (variance / sxx).sqrt());
    assert_eq!(fit.dof, 3);
    assert!(fit.verdict.converged());
}

#[test]
fn the_curvature_is_that_of_the_closed_form() {
    let problem = Problem {
        model: Expression::parse("a*exp(b*x)").unwrap(),
        sources: vec![Source::Parameter(0), Source::Parameter(1), Source::Column(0)],
        parameters: vec!["a".to_owned(), "b".to_owned()],
        columns: vec![vec![0.5, 2.0]],
        response: vec![1.0, 2.0],
    };
    let weights = DVector::from_column_slice(&[3.0, -1.0]);
    let curvature = problem.curvature(&[2.0, 0.25], &weights);
    let sum = |f: fn(f64) -> f64| 3.0 * f(0.5) - f(2.0);
    assert_eq!(curvature[(0, 0)], 0.0);
    assert_close(curvature[(0, 1)], sum(|x| x * (0.25 * x).exp()));
    assert_close(curvature[(1, 0)], curvature[(0, 1)]);
    assert_close(curvature[(1, 1)], sum(|x| 2.0 * x * x * (0.25 * x).exp()));
}

#[test]
fn more_than_eight_parameters_go_in_chunks() {
    let rows: String = (0..20).map(|i| format!("{i},{}\n", (f64::from(i) * 0.37).sin())).collect();
    let terms: Vec<String> = (0..10).map(|k| format!("c{k}*cos({k}*x/7)")).collect();
    let start: Vec<String> = (0..10).map(|k| format!("c{k}=0")).collect();
    let fit = found(&terms.join(" + "), &format!("x,y\n{rows}"), &start.join(","));
    assert!(fit.verdict.converged(), "{:?}", fit.verdict);
    assert_eq!(fit.dof, 10);
}

#[test]
fn dependent_columns_are_named() {
    let columns = [1.0, 2.0, 3.0, 4.0, 2.0, 1.0, 0.0, 5.0, 3.0, 3.0, 3.0, 9.0, 1.0, -1.0, 7.0, 2.0];
    let factors = Factors::new(&DMatrix::from_column_slice(4, 4, &columns), &DVector::zeros(4));
    assert_eq!(factors.dependent(), [0, 1, 2]);
    assert!(!factors.has_full_rank());
    let independent = DMatrix::from_column_slice(4, 2, &columns[..8]);
    assert_eq!(Factors::new(&independent, &DVector::zeros(2)).dependent(), [0; 0]);
    let zero = DMatrix::from_column_slice(3, 2, &[0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
    assert_eq!(Factors::new(&zero, &DVector::zeros(2)).dependent(), [0]);
}

#[test]
fn as_many_rows_as_parameters_leave_no_errors() {
    let fit = found("a + b*x", "x,y\n1,2\n3,7\n", "a=0,b=0");
    assert!(fit.verdict.converged(), "{:?}", fit.verdict);
    assert_close(fit.estimates[1], 2.5);
    assert_eq!((fit.dof, fit.errors), (0, None));
}

#[test]
fn exact_data_end_cleanly() {
    let twice = "x,y\n1,2\n2,4\n3,6\n4,8\n";
    let constant = "x,y\n1,5\n2,5\n3,5\n4,5\n";
    let zero = "x,y\n1,0\n2,0\n3,0\n4,0\n";
    for (model, csv, start, expected) in [
        ("a + b*x", twice, "a=0,b=0", [0.0, 2.0]),
        ("a*x^b", twice, "a=1,b=0", [2.0, 1.0]),
        ("a*x + b*x^3", twice, "a=0,b=0", [2.0, 0.0]),
        ("a*exp(b*x)", constant, "a=1,b=1", [5.0, 0.0]),
        ("a + b*x", zero, "a=0,b=0", [0.0, 0.0]),
    ] {
        let fit = found(model, csv, start);
        assert!(fit.verdict.converged(), "{model}: {:?}", fit.verdict);
        for (estimate, expected) in fit.estimates.iter().zip(expected) {
            assert!((estimate - expected).abs() < 1e-13, "{model}: {:?}", fit.estimates);
        }
    }
}

/// Models whose sum of squares falls for ever, as a parameter or several go to infinity.
#[test]
fn a_drift_is_never_called_converged() {
    let constant = "x,y\n1,5\n2,5\n3,5\n4,5\n5,5\n";
    let nearly = "x,y\n1,2.02\n2,3.97\n3,6.01\n4,8.05\n5,9.96\n6,12.1\n";
    let twice = "x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n6,12\n";
    let step = "x,y\n0,0\n1,0\n2,0\n3,1\n4,1\n5,1\n";
    let mgh09 = include_str!("../../../../../examples/data/nist/MGH09.csv");
    let rational = "b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)";
    for (model, csv, start) in [
        ("a*(1 - exp(-b*x))", constant, "a=1,b=1"),
        ("a*exp(b*x) + c*exp(d*x)", constant, "a=1,b=1,c=2,d=-1"),
        ("a*x/(b + x)", nearly, "a=100,b=50"),
        ("a*x/(b + x)", twice, "a=100,b=50"),
        ("a*(exp(b*x) - 1)", twice, "a=1,b=1"),
        ("1/(1 + exp(-a*(x - b)))", step, "a=1,b=2"),
        ("sigmoid(a + b*x)", step, "a=0,b=0"),
        (rational, mgh09, "b1=-25,b2=39,b3=-41.5,b4=39"),
        (rational, mgh09, "b1=25,b2=-39,b3=41,b4=1"),
    ] {
        let fit = found(model, csv, start);
        assert!(!fit.verdict.converged(), "{model} from {start}: {:?} at {:?}", fit.verdict, fit.estimates);
        assert_eq!(fit.answer(true).code, 1);
        assert!(fit.answer(true).text.contains("\"converged\":false"));
    }
}

/// On a circle, the point that is farthest from the data is as stationary as the nearest.
#[test]
fn a_maximum_is_not_called_a_minimum() {
    let circle = "if x > 0 then sin(b) else cos(b)";
    let far = found(circle, "x,y\n0,-2\n1,0\n", "b=0");
    assert_eq!((far.verdict.name(), far.estimates[0]), ("no minimum", 0.0));
    let near = found(circle, "x,y\n0,-2\n1,0\n", "b=0.01");
    assert!(near.verdict.converged());
    assert_close(near.estimates[0].abs(), std::f64::consts::PI);
}

#[test]
fn a_step_to_where_the_model_is_undefined_is_shortened() {
    let fit = found("ln(a)*x", "x,y\n1,-3\n2,-6.1\n3,-9\n", "a=1");
    assert!(fit.verdict.converged());
    assert!((fit.estimates[0].ln() + 3.0).abs() < 0.1);
}

#[test]
fn tables_of_all_kinds_are_read() {
    let plain = found("a + b*x", "x,y\n1,3\n2,5\n3,7.5\n", "a=0,b=0");
    for csv in [
        "\u{feff}x,y\r\n1,3\r\n2,5\r\n3,7.5\r\n\r\n\r\n",
        "\"x\",\"y\"\n\"1\",\"3\"\n2,5\n3,7.5",
        " x , y \n 1 , 3 \n\n 2,5 \n3,+7.5e0\n   \n",
        "note,x,y\n\"a, b\",1,3\n\"c\nd\",2,5\n,3,7.5\n",
    ] {
        assert_eq!(found("a + b*x", csv, "a=0,b=0").estimates, plain.estimates, "{csv}");
    }
}

#[test]
fn a_response_may_be_computed() {
    let fit = fitted("a + b*x", "x,y\n1,10\n2,100\n3,1000\n", "log10(y)", "a=1,b=0").unwrap();
    assert_close(fit.estimates[1], 1.0);
}

#[test]
fn text_and_json() {
    let fit = found("a + b*x", LINE, "a=1,b=1");
    expect![[r#"
        parameter  estimate  standard error
        a          0.95      0.25331140256
        b          2.05      0.076376261583

        residual sum of squares    0.175
        degrees of freedom         3
        evaluations of the model   15
        of its Jacobian            14
        of its second derivatives  1

        converged: the residuals are orthogonal to the Jacobian, to a cosine of 2e-15
    "#]]
    .assert_eq(&fit.answer(false).text);
    let json: serde_json::Value = serde_json::from_str(&fit.answer(true).text).unwrap();
    assert_eq!(json["estimates"]["b"]["value"].as_f64(), Some(fit.estimates[1]));
    assert_eq!(json["estimates"]["b"]["stderr"].as_f64(), fit.error(1));
    assert_eq!((json["dof"].as_u64(), json["converged"].as_bool()), (Some(3), Some(true)));
}

#[test]
fn a_table_that_is_none_is_refused() {
    bad_table(
        "",
        expect![[r#"
        error: cannot read data.csv: it is empty
         |
         = help: the first line names the columns, separated by commas; each line below it is a row"#]],
    );
    bad_table(
        "\n  \n",
        expect![[r#"
        error: cannot read data.csv: it is empty
         |
         = help: the first line names the columns, separated by commas; each line below it is a row"#]],
    );
    bad_table(
        "x,y\n",
        expect![[r#"
        error: cannot read data.csv: it has names of columns, but no rows
         |
         = help: each line below the first is a row"#]],
    );
    bad_table(
        "1,2\n3,4\n",
        expect![[r#"
        error: cannot read data.csv: its first line has numbers, not names of columns
         |
         = help: put a line such as `x,y` above them"#]],
    );
    bad_table(
        "x;y\n1;2\n",
        expect![[r#"
        error: cannot read data.csv: its first line has no comma
         |
         = help: a comma stands between two cells, a point before decimals"#]],
    );
    bad_table(
        "x,y,x\n1,2,3\n",
        expect![[r#"
        error: cannot read data.csv: two columns are called `x`
         |
         = help: rename one of them in the first line"#]],
    );
    bad_table(
        "x,y\n1,3\n\n2\n",
        expect![[r#"
        error: cannot read data.csv: line 4 has 1 cell against 2 columns
         |
         = help: give each row a cell for every column"#]],
    );
    bad_table(
        "x,y\n1,3\n2,3,5\n",
        expect![[r#"
        error: cannot read data.csv: line 3 has 3 cells against 2 columns
         |
         = help: a cell with a comma in it stands between quotes; the decimal sign is a point"#]],
    );
    let failure = Data::parse("data.csv".to_owned(), b"x,y\n1,2\n1,\xff\n").unwrap_err();
    expect![[r#"
        error: cannot read data.csv: line 3 is not text in UTF-8
         |
         = help: save the table as CSV in UTF-8"#]]
    .assert_eq(&failure.render(false));
    let failure = Data::read("no/such/data.csv".as_ref()).unwrap_err();
    assert!(failure.render(false).starts_with("error: cannot read no/such/data.csv: "));
}

#[test]
fn a_cell_that_is_no_number_is_refused() {
    bad_table(
        "x,y\n1,3\n2,\n3,7\n",
        expect![[r#"
        error: cannot read column `y`: the cell in row 2 (line 3) of data.csv is empty
         |
         = help: fill the cell, or remove the row"#]],
    );
    bad_table(
        "x,y\n1,3\n\n2,abc\n3,7\n",
        expect![[r#"
        error: cannot read column `y`: `abc` in row 2 (line 4) of data.csv is not a number
         |
         = help: correct the cell, or remove the row"#]],
    );
    bad_table(
        "x,y\n1,3\n2,\"1,5\"\n3,7\n",
        expect![[r#"
        error: cannot read column `y`: `1,5` in row 2 (line 3) of data.csv is not a number
         |
         = help: the decimal sign is a point"#]],
    );
    bad_table(
        "x,y\n1,3\n2,nan\n3,7\n",
        expect![[r#"
        error: cannot read column `y`: `nan` in row 2 (line 3) of data.csv is not a finite number
         |
         = help: fill the cell, or remove the row"#]],
    );
    bad_table(
        "x,y\n1e999,3\n2,4\n3,7\n",
        expect![[r#"
        error: cannot read column `x`: `1e999` in row 1 (line 2) of data.csv is not a finite number
         |
         = help: fill the cell, or remove the row"#]],
    );
    refused(
        "a + b*x",
        "x,y\n1,3\n2,0\n3,1\n",
        "ln(y)",
        "a=1,b=1",
        expect!["error: cannot compute `ln(y)`: it is -inf in row 2 (line 3) of data.csv"],
    );
}

#[test]
fn names_that_stand_for_nothing_are_refused() {
    refused(
        "a + b*x",
        LINE,
        "z",
        "a=1,b=1",
        expect![[r#"
        error: data.csv has no column `z`
         |
         = help: its columns are `x` and `y`"#]],
    );
    refused(
        "a + b*x",
        LINE,
        "ln(yy)",
        "a=1,b=1",
        expect![[r#"
        error: data.csv has no column `yy`
         |
         = help: its columns are `x` and `y`"#]],
    );
    refused(
        "a + b*x",
        LINE,
        "ln(y",
        "a=1,b=1",
        expect![[r#"
        error: unexpected end
         --> expression:1:5
          |
        1 | ln(y
          |     ^ expected an operator, `,` or `)`"#]],
    );
    refused(
        "a + b*x",
        LINE,
        "y",
        "a=1",
        expect![[r#"
        error: `b` is no column of data.csv and has no start
         --> expression:1:5
          |
        1 | a + b*x
          |     ^ a column or a parameter?
          |
          = help: a parameter needs a value where the search begins: --start b=1
          = help: the columns are `x` and `y`"#]],
    );
    refused(
        "a + b*xx",
        LINE,
        "y",
        "a=1,b=1",
        expect![[r#"
        error: `xx` is no column of data.csv and has no start
         --> expression:1:7
          |
        1 | a + b*xx
          |       ^^ a column or a parameter?
          |
          = help: a parameter needs a value where the search begins: --start xx=1
          = help: the columns are `x` and `y`"#]],
    );
    refused(
        "a + b*x",
        LINE,
        "y",
        "a=1,b=1,c=2",
        expect![[r#"
        error: the model has no parameter `c`
         --> --start:1:9
          |
        1 | a=1,b=1,c=2
          |         ^ the names that it has beside the columns: `a` and `b`"#]],
    );
    refused(
        "a + b*x",
        LINE,
        "y",
        "a=1,b=1,x=2",
        expect![[r#"
        error: `x` is a column of data.csv and cannot be a parameter
         --> --start:1:9
          |
        1 | a=1,b=1,x=2
          |         ^ only parameters have a start; rename the one or the other"#]],
    );
    refused(
        "a + b*x",
        LINE,
        "y",
        "a=1,b=1,a=2",
        expect![[r#"
        error: `a` has two values
         --> --start:1:9
          |
        1 | a=1,b=1,a=2
          |         ^ given again here"#]],
    );
    refused(
        "a + b*y",
        LINE,
        "y",
        "a=1,b=1",
        expect![[r#"
        error: the model reads `y`, the column that it is to explain
         --> expression:1:7
          |
        1 | a + b*y
          |       ^ write the right-hand side alone: a + b*x for y = a + b*x"#]],
    );
    refused(
        "a + b*e",
        "e,y\n1,2\n2,3\n",
        "y",
        "a=1,b=1",
        expect![[r#"
        error: `e` is a constant in the model, and a column of data.csv
         |
         = help: rename the column in the first line"#]],
    );
    refused(
        "2*x",
        LINE,
        "y",
        "",
        expect![[r#"
        error: the model has no parameters to fit
         |
         = help: name what is to be found and where to begin: --start a=1,b=2"#]],
    );
    refused(
        "a + * b",
        LINE,
        "y",
        "a=1,b=1",
        expect![[r#"
        error: unexpected `*`
         --> expression:1:5
          |
        1 | a + * b
          |     ^ expected a number, a name or `(`; a power is written x^2"#]],
    );
}

#[test]
fn a_fit_that_cannot_be_is_refused() {
    refused(
        "a + b*x + c*x^2",
        "x,y\n1,2\n2,3\n",
        "y",
        "a=1,b=1,c=1",
        expect![[r#"
        error: cannot find 3 parameters from 2 rows of data.csv: as many rows are needed at least
         |
         = help: fit a model with fewer parameters, or add rows"#]],
    );
    refused(
        "a*b*x",
        LINE,
        "y",
        "a=1,b=1",
        expect![[r#"
        error: cannot fit the model: `a` and `b` cannot be told apart: what the one changes, the other can undo
         |
         = help: write the model with fewer parameters; or, if it is so at the start alone, begin elsewhere by --start"#]],
    );
    refused(
        "a*x + 0*c",
        LINE,
        "y",
        "a=1,c=1",
        expect![[r#"
        error: cannot fit the model: `c` has no effect on the model
         |
         = help: write the model with fewer parameters; or, if it is so at the start alone, begin elsewhere by --start"#]],
    );
    refused(
        "a*b*x + c/b",
        LINE,
        "y",
        "a=1,b=1,c=1",
        expect![[r#"
        error: cannot fit the model: `a`, `b` and `c` cannot be told apart: what one of them changes, the others can undo
         |
         = help: write the model with fewer parameters; or, if it is so at the start alone, begin elsewhere by --start"#]],
    );
    refused(
        "a + b*ln(x - 2)",
        LINE,
        "y",
        "a=1,b=1",
        expect![[r#"
        error: cannot fit the model: it is NaN at a=1, b=1, in row 1 (line 2) of data.csv
         --> expression:1:7
          |
        1 | a + b*ln(x - 2)
          |       ^^^^^^^^^ this is NaN
          |
          = help: begin elsewhere by --start, or remove a row for which the model is not made"#]],
    );
    refused(
        "sqrt(a) + b*x",
        LINE,
        "y",
        "a=0,b=1",
        expect![[r#"
        error: cannot fit the model: its derivative with respect to `a` is inf at a=0, b=1, in row 1 (line 2) of data.csv
         --> expression:1:1
          |
        1 | sqrt(a) + b*x
          | ^^^^^^^ the derivative of this is inf
          |
          = help: begin elsewhere by --start, or remove a row for which the model is not made"#]],
    );
    refused(
        "a + b*x",
        "x,y\n1,1e200\n2,2e200\n3,-1e200\n",
        "y",
        "a=1,b=1",
        expect![[r#"
        error: cannot fit the model: the sum of squares is too large for a number at a=1, b=1
         |
         = help: begin elsewhere by --start, or measure the response in a larger unit"#]],
    );
}
