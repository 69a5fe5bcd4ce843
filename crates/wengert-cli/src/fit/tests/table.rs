//! The reading of tables: any bytes at all give a table or a failure, and a table that was written is the one that is
//! read.

use super::{Data, bad_table, found, refused};
use expect_test::expect;
use proptest::prelude::*;

/// Bytes of which tables are made, and some that do not belong into one.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => proptest::sample::select(&b"0123456789.-+eE,,,,\n\n\n\"\r;\t xyab"[..]).prop_map(|byte| vec![byte]),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => proptest::sample::select(&["x,y\n", "\u{feff}", "inf", "nan", "1e999", "\r\n", "\"\"", "\u{e4}"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Reads everything that a table offers.
fn read(bytes: &[u8]) {
    match Data::parse("data.csv".to_owned(), bytes) {
        Ok(data) => {
            let columns = data.names().count();
            for column in 0..columns {
                match data.column(column) {
                    Ok(numbers) => {
                        assert_eq!(numbers.len(), data.rows());
                        assert!(numbers.iter().all(|x| x.is_finite()));
                    }
                    Err(failure) => assert!(failure.render(false).contains("cannot read column")),
                }
            }
            assert!(data.place(data.rows() - 1).starts_with(&format!("row {} (line ", data.rows())));
        }
        Err(failure) => assert!(failure.render(false).starts_with("error: cannot read data.csv: ")),
    }
}

/// A cell as it may stand in a file: plain, between spaces, or quoted.
fn cell() -> impl Strategy<Value = (f64, String)> {
    let finite = any::<f64>().prop_filter("finite", |x| x.is_finite());
    (finite, 0..3).prop_map(|(x, form)| match form {
        0 => (x, format!("{x}")),
        1 => (x, format!(" {x:e} ")),
        _ => (x, format!("\"{x}\"")),
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in bytes()) {
        read(&bytes);
    }

    #[test]
    fn bytes_below_a_header_are_read_or_refused(bytes in bytes()) {
        read(&[&b"x,y\n1,2\n"[..], &bytes].concat());
    }

    /// Numbers come back to the last bit, and each row knows its line, whatever ends the lines and however many are
    /// blank.
    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec((cell(), cell(), 0..3usize), 1..20),
        end in proptest::sample::select(&["\n", "\r\n", "\r"][..]),
    ) {
        let (mut text, mut lines, mut line) = (format!("x,y{end}"), Vec::new(), 2);
        for ((_, x), (_, y), blank) in &rows {
            text += &format!("{}{x},{y}{end}", end.repeat(*blank));
            lines.push(line + blank);
            line += blank + 1;
        }
        let data = Data::parse("data.csv".to_owned(), text.as_bytes()).expect("a table");
        for (i, (((x, _), (y, _), _), line)) in rows.iter().zip(lines).enumerate() {
            prop_assert_eq!([data.column(0).unwrap()[i], data.column(1).unwrap()[i]], [*x, *y]);
            prop_assert_eq!(data.place(i), format!("row {} (line {line}) of data.csv", i + 1));
        }
    }
}

#[test]
fn a_constant_is_fitted_to_a_response_alone() {
    let fit = found("c", "y\n1\n2\n6\n", "c=0");
    assert!(fit.verdict.converged(), "{:?}", fit.verdict);
    super::assert_close(fit.estimates[0], 3.0);
    super::assert_close(fit.rss, 14.0);
}

#[test]
fn a_long_table_is_read_row_by_row() {
    let rows: String = (0..200_000).map(|i| format!("{i},{},note\n", 2 * i)).collect();
    let data = Data::parse("data.csv".to_owned(), format!("x,y,z\n{rows}").as_bytes()).expect("a table");
    assert_eq!(data.column(1).expect("numbers")[199_999], 399_998.0);
    assert_eq!(data.place(199_999), "row 200000 (line 200001) of data.csv");
    assert!(data.column(2).is_err());
}

/// Cells and names of any length are cut in messages, and so are lists of names.
#[test]
fn messages_about_odd_tables_stay_short() {
    let names: Vec<String> = (0..1000).map(|i| format!("c{i}")).collect();
    let numbers = vec!["1"; 1000].join(",");
    refused(
        "a",
        &format!("{}\n{numbers}\n", names.join(",")),
        "y",
        "a=1",
        expect![[r#"
            error: data.csv has no column `y`
             |
             = help: its columns are `c0`, `c1`, `c2`, `c3`, `c4`, `c5`, `c6`, `c7`, `c8`, `c9`, `c10`, `c11`, `c12`, `c13`, `c14` and 985 more"#]],
    );
    bad_table(
        &format!("x,y\n1,{}\n2,3\n", "long ".repeat(1000)),
        expect![[r#"
            error: cannot read column `y`: `long long long long long long long long ..` in row 1 (line 2) of data.csv is not a number
             |
             = help: correct the cell, or remove the row"#]],
    );
    bad_table(
        "x,y\n0,1\n1,\"2\n2,3\n3,4\n",
        expect![[r#"
            error: cannot read column `y`: `2 2,3 3,4` in row 2 (line 3) of data.csv is not a number
             |
             = help: close the quotation mark that opens the cell"#]],
    );
    refused(
        "a",
        "x\n1\n",
        "y",
        "a=1",
        expect![[r#"
            error: data.csv has no column `y`
             |
             = help: its only column is `x`"#]],
    );
    bad_table(
        "# of 2026\nx,y\n1,2\n",
        expect![[r#"
            error: cannot read data.csv: line 2 has 2 cells against 1 column
             |
             = help: the first line, `# of 2026`, is to name the columns"#]],
    );
}
