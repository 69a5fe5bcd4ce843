//! The textbook as one runs it: `wengert case` and `wengert compare`.

mod run;

use expect_test::{expect, expect_file};
use run::{failure, json, stdout, wengert};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file of the repository.
fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

mod case {
    use super::*;

    /// The cases.
    const SHOWN: std::ops::RangeInclusive<u8> = 1..=21;

    fn number(case: u8) -> String {
        case.to_string()
    }

    #[test]
    fn each_is_printed_in_four_parts() {
        for case in SHOWN {
            let text = stdout(&["case", &number(case)]);
            for part in ["1. Evaluate the primal forward", "2. Seed the ", "3. Propagate ", "4. Collect the "] {
                assert!(text.contains(&format!("\n{part}")), "case {case}: {part}");
            }
            expect_file![format!("./golden/case_{case:02}.txt")].assert_eq(&text);
        }
    }

    /// The comparisons of a case: for each the answers of the engines, and what is expected.
    fn comparisons(case: u8) -> Vec<(Vec<Vec<f64>>, Vec<f64>)> {
        let numbers =
            |array: &Value| -> Vec<f64> { array.as_array().unwrap().iter().filter_map(Value::as_f64).collect() };
        let sheet = json(&["case", &number(case), "--json"]);
        assert_eq!(sheet["agree"], Value::Bool(true), "case {case}");
        let comparison = |comparison: &Value| {
            let engines = comparison["engines"].as_array().unwrap();
            let answers = engines.iter().map(|engine| numbers(&engine["numbers"])).collect();
            let expected = comparison["expected"].as_array().unwrap();
            (answers, expected.iter().map(|closed| closed["value"].as_f64().unwrap()).collect())
        };
        sheet["comparisons"].as_array().unwrap().iter().map(comparison).collect()
    }

    #[test]
    fn all_engines_agree_with_the_closed_form() {
        for case in SHOWN {
            for (answers, expected) in comparisons(case) {
                assert!(answers.len() >= 3 && !expected.is_empty(), "case {case}");
                for answer in &answers {
                    assert_eq!(answer.len(), expected.len(), "case {case}");
                    for (got, want) in answer.iter().zip(&expected) {
                        assert!((got - want).abs() <= 1e-15 * want.abs(), "case {case}: {got} instead of {want}");
                    }
                }
            }
        }
    }

    /// Every engine gives exactly these numbers, in the first comparison of the case.
    #[track_caller]
    fn exactly(case: u8, wanted: &[f64]) {
        let (answers, expected) = comparisons(case).swap_remove(0);
        assert_eq!(expected, wanted, "case {case}");
        answers.iter().for_each(|answer| assert_eq!(answer, wanted, "case {case}"));
    }

    #[test]
    fn the_numbers_of_the_textbook_are_exact() {
        exactly(3, &[6.909297426825682, 2.5838531634528574, 2.0]);
        exactly(3, &[6.909297426825682, 3.0 + 2f64.cos(), 2.0]);
        exactly(4, &[0.5 * 3.0 - 1.25 * 2f64.cos(), 0.5 * 2.0]);
        exactly(10, &[6.909297426825682, 2.5838531634528574, 2.0]);
        exactly(11, &[1f64.sin(), 2.0, 2.0 * 1f64.cos() - 1.0, 3.0]);
        let a = 2.0 + 1f64.sin();
        exactly(12, &[a * a, 4.0 * a + 2.0 * a * 1f64.cos(), 2.0 * a]);
        exactly(13, &[1.0]);
        exactly(16, &[1551.0, -500.0]);
        exactly(21, &[1.0]);
        assert!(
            stdout(&["case", "21"])
                .contains("Naive nesting, with one and the same epsilon inside and outside, gives 2:")
        );
        assert!(stdout(&["case", "4"]).contains("\n   vjp  1           1               0               1\n"));
    }

    #[test]
    fn a_branch_names_the_line_that_compared() {
        let (text, file) = (stdout(&["case", "17"]), "crates/wengert-cli/src/case/programs.rs");
        let source = std::fs::read_to_string(repository(file)).unwrap();
        let places = text.lines().filter_map(|line| line.split_once(&format!("{file}:")));
        let lines: Vec<usize> = places.map(|(_, place)| place.split(':').next().unwrap().parse().unwrap()).collect();
        assert_eq!(lines.len(), 9, "{text}");
        for line in lines {
            let compared = source.lines().nth(line - 1).unwrap().trim_start();
            assert!(compared.starts_with("if ") || compared.starts_with("while "), "{line}: {compared}");
        }
    }

    /// Four ways to write one function: the same numbers, and nodes that grow with the points or do not.
    #[test]
    fn granularity_changes_what_is_kept_and_not_what_comes_out() {
        let comparisons = comparisons(19);
        assert_eq!(comparisons.len(), 5);
        let (mixed, _) = &comparisons[4];
        assert_eq!(mixed.len(), 4, "tensors, numbers in tensors twice, tensors on the tape");
        mixed.iter().for_each(|answer| assert_eq!(answer, &[3.75, -7.0, -2.75]));
        for (answers, _) in &comparisons[..4] {
            assert_eq!(answers.len(), 4, "dual numbers, tape, list, vm");
            answers.iter().for_each(|answer| assert_eq!(answer, &[3.75, -7.0, -2.75]));
        }
        let text = stdout(&["case", "19"]);
        let counts = |grain: &str| -> Vec<Vec<u64>> {
            let numbers = |line: &str| line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let head = |line: &&str| line.split("  ").any(|cell| cell.trim() == grain);
            text.lines().filter(head).map(numbers).filter(|row: &Vec<u64>| row.len() == 7).collect()
        };
        for (grain, records) in [("operations", [7, 127, 2047]), ("one statement", [8, 128, 2048])] {
            let rows = counts(grain);
            assert_eq!(rows.iter().map(|row| row[1]).collect::<Vec<_>>(), records, "{grain}");
            assert!(rows[2][3] > 4 * 1024 && rows[2][5] > 4 * 1024, "{grain}: lines for each point");
        }
        for grain in ["rows", "one operation"] {
            let rows = counts(grain);
            assert_eq!(rows.iter().map(|row| row[1]).collect::<Vec<_>>(), [1, 1, 1], "{grain}");
            assert!(rows.iter().all(|row| (row[3], row[5]) == (rows[0][3], rows[0][5])), "{grain}: {rows:?}");
        }
        let tensors: Vec<&str> =
            text.lines().filter(|line| line.split("  ").any(|cell| cell.trim() == "tensors")).collect();
        let nodes = |line: &&str| line.split_whitespace().rev().nth(1).map(str::to_owned);
        assert_eq!(tensors.iter().skip(1).map(nodes).collect::<std::collections::HashSet<_>>().len(), 1, "{tensors:?}");
    }

    /// What is saved for a rectifier: the output, a bit for each of 40 x 20 elements, nothing.
    #[test]
    fn a_rectifier_saves_the_cheapest() {
        let rows = table(&stdout(&["case", "6"]), "What is saved for its derivative");
        let saved: Vec<[&str; 2]> = rows.iter().map(|row| [row[2].as_str(), row[3].as_str()]).collect();
        assert_eq!(saved, [["output", "6400"], ["mask", "104"], ["nothing", "0"]]);
    }

    /// The trace of three coefficients refuses a fourth, with an error that says both numbers.
    #[test]
    fn a_trace_for_another_structure_is_refused() {
        let text = stdout(&["case", "20"]);
        let refused = text.lines().find(|line| line.trim_start().starts_with("error: ")).unwrap_or_default();
        assert!(refused.contains("at 5 numbers: the compiled function has 4 inputs"), "{text}");
        let comparisons = comparisons(20);
        let inputs: Vec<usize> = comparisons.iter().map(|(_, expected)| expected.len() - 1).collect();
        let wanted = [4, 4, 5, 4, 4, 5, 2, 2];
        assert_eq!(inputs, wanted, "a trace at two points and a longer one, tensors too, one branch and the other");
        let plans: Vec<Vec<String>> =
            table(&text, "The plans that it took").iter().map(|row| row[1..].to_vec()).collect();
        assert_eq!(plans, [["1", "0"], ["0", "1"], ["1", "0"]], "plans made and found");
        for (answers, expected) in comparisons {
            answers.iter().for_each(|answer| assert_eq!(answer, &expected));
        }
    }

    /// The rows of a table, each as its cells, below a line that begins with `title`.
    fn table(text: &str, title: &str) -> Vec<Vec<String>> {
        let behind = text.lines().skip_while(|line| !line.starts_with(title)).skip(2);
        let cells = |line: &str| {
            line.trim().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
        };
        behind.take_while(|line| !line.is_empty()).map(cells).collect()
    }

    /// Eight layers by two schedules: what is recomputed, what is held, and the same gradient to the last bit.
    #[test]
    fn a_checkpointed_chain_gives_the_same_bits() {
        let text = stdout(&["case", "9"]);
        let wanted = [
            ["store all", "8", "0", "8", "0", "9"],
            ["(a) every fourth", "4", "8", "16", "8", "6"],
            ["(b) binomial, 3 slots", "3", "11", "19", "11", "5"],
        ];
        assert_eq!(table(&text, "What each takes"), wanted);
        let (even, binomial) = (table(&text, "(a) Keep"), table(&text, "(b) Binomial"));
        let kept = |rows: &[Vec<String>]| -> Vec<String> {
            rows.iter().map(|row| row[1].clone()).filter(|action| action.starts_with("keep")).collect()
        };
        assert_eq!(kept(&even), ["keep state 0 in memory 0", "keep state 4 in memory 1"]);
        assert_eq!(kept(&binomial).len(), 4, "three slots, one of them filled twice");
        let again = |rows: &[Vec<String>]| -> usize { rows.iter().map(|row| row[2].matches("again").count()).sum() };
        assert_eq!((again(&even), again(&binomial)), (8, 11));
        for rows in [even, binomial] {
            let adjoints: Vec<&str> =
                rows.iter().filter_map(|row| row[2].split_once("bar = ")).map(|(x, _)| x).collect();
            assert_eq!(adjoints, ["x7", "x6", "x5", "x4", "x3", "x2", "x1", "x0"]);
        }
        let (answers, expected) = comparisons(9).swap_remove(1);
        answers.iter().for_each(|answer| assert_eq!(answer, &expected));
    }

    /// Long recurrences keep to a budget of a hundredth of the tape, and give the same bits.
    #[test]
    fn a_recurrence_keeps_to_its_bytes() {
        let mut short = comparisons(8);
        for (answers, expected) in short.split_off(1) {
            assert_eq!((answers.len(), expected.len()), (3, 4));
            answers.iter().for_each(|answer| assert_eq!(answer, &expected));
        }
        let text = stdout(&["case", "8"]);
        let mut rows = table(&text, "What was planned");
        rows.retain(|row| row.iter().any(|cell| cell.ends_with(" bytes")) || row.contains(&"one recording".to_owned()));
        let bytes = |row: &[String], behind: &str, by: usize| -> u64 {
            row[row.iter().position(|cell| cell.ends_with(behind)).unwrap() + by].parse().unwrap()
        };
        for (pair, allowed) in rows.chunks(2).zip([8 << 10, 32 << 10]) {
            let (tape, planned) = (bytes(&pair[0], "one recording", 2), bytes(&pair[1], " bytes", 3));
            assert!(planned <= allowed && allowed < tape / 100, "{planned} of {allowed}, beside {tape}");
            assert_eq!(pair[1][pair[1].len() - 2], "0", "no number is unlike store-all's: {:?}", pair[1]);
        }
        let steps: Vec<f64> = table(&text, "Back-propagation").iter().map(|row| row[2].parse().unwrap()).collect();
        let sum: f64 = steps.iter().sum();
        let (answers, _) = short.swap_remove(0);
        assert!((sum - answers[0][1]).abs() < 1e-5, "every step adds to Wbar: {steps:?}");
    }

    #[test]
    fn all_are_listed() {
        expect_file!["./golden/cases.txt"].assert_eq(&stdout(&["case"]));
        let all = json(&["case", "--json"]);
        let all = all.as_array().unwrap();
        assert_eq!(all.len(), 21);
        for (i, case) in all.iter().enumerate() {
            assert_eq!((&case["case"], case["command"].is_string()), (&(i + 1).into(), true));
        }
    }

    #[test]
    fn every_one_has_its_row_in_the_map() {
        let page = std::fs::read_to_string(repository("docs/textbook.md")).unwrap();
        for (i, case) in json(&["case", "--json"]).as_array().unwrap().iter().enumerate() {
            let head = format!("| {}. {}", i + 1, case["name"].as_str().unwrap());
            let row = page.lines().find(|line| line.starts_with(&head));
            let row = row.unwrap_or_else(|| panic!("docs/textbook.md has no row `{head}`"));
            let command = case["command"].as_str().unwrap();
            assert!(row.contains(&format!("`{command}`")), "{row}");
        }
    }

    #[test]
    fn that_is_not_there_is_an_error() {
        failure(
            &["case", "99"],
            expect![[r#"
                error: there is no case 99: they have the numbers 1 to 21
                 |
                 = help: `wengert case` lists them
            "#]],
        );
        failure(
            &["case", "0"],
            expect![[r#"
                error: there is no case 0: they have the numbers 1 to 21
                 |
                 = help: `wengert case` lists them
            "#]],
        );
        for word in ["three", "-1", "300"] {
            assert_eq!(wengert(&["case", word]).status.code(), Some(2), "{word}");
        }
    }
}

mod compare {
    use super::*;

    /// The rows of a text whose cells are all numbers.
    fn numbers(text: &str) -> Vec<Vec<f64>> {
        let row = |line: &str| line.split_whitespace().map(|cell| cell.parse().ok()).collect::<Option<Vec<f64>>>();
        text.lines().filter_map(row).filter(|row| !row.is_empty()).collect()
    }

    #[test]
    fn what_there_is() {
        expect![[r#"
            wengert compare swell        Symbolic against automatic: the size of a derivative as a formula and as a list
            wengert compare differences  Numerical against automatic: the error over the step
            wengert compare modes        Forward against reverse: the cost over inputs and over outputs
            wengert compare memory       Store-all against checkpointing: the bytes of a gradient over the steps of a loop
        "#]]
        .assert_eq(&stdout(&["compare"]));
        for arguments in [&["compare", "nothing"][..], &["compare", "--svg", "picture.svg"]] {
            assert_eq!(wengert(arguments).status.code(), Some(2), "{arguments:?}");
        }
    }

    #[test]
    fn a_formula_swells_and_a_list_does_not() {
        let text = stdout(&["compare", "swell"]);
        expect_file!["./golden/swell.txt"].assert_eq(&text);
        let rows = numbers(&text);
        assert_eq!(rows.len(), 10);
        for pair in rows.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            assert_eq!(after[1] - before[1], 4.0, "lines of the list: as many per application");
            assert_eq!(after[3] - before[3], 9.0, "lines of its gradient: as many per application");
            assert!(after[4] > 2.0 * before[4], "nodes of the derivative: more than doubled");
            assert!((after[5] - after[6]).abs() <= 1e-14 * after[5].abs() && after[7] < 1e-14, "the same derivative");
        }
    }

    #[test]
    fn differences_have_a_best_step_and_engines_need_none() {
        let text = stdout(&["compare", "differences"]);
        let rows = numbers(&text);
        assert_eq!(rows.len(), 33);
        for (column, least, greatest) in [(1, 1e-10, 1e-7), (2, 1e-14, 1e-9)] {
            let errors: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(least < best && best < greatest, "{best}");
            assert!(errors[0] > 1e5 * best && errors[32] > 1e5 * best, "a V: {errors:?}");
        }
        for engine in ["dual numbers", "the tape", "the list"] {
            let line = text.lines().find(|line| line.trim_start().starts_with(engine)).unwrap();
            let error: f64 = line.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
            assert!(error < f64::EPSILON, "{line}");
        }
    }

    /// Seconds are not asserted; the counted work is.
    #[test]
    fn the_modes_do_the_work_that_they_should() {
        let text = stdout(&["compare", "modes"]);
        let rows = numbers(&text);
        let (inputs, outputs) = rows.split_at(rows.len() / 2);
        assert_eq!((inputs.len(), outputs.len()), (11, 11), "{text}");
        for (inputs, outputs) in inputs.iter().zip(outputs) {
            let passes = (inputs[0] / 8.0).ceil();
            assert_eq!((inputs[3], inputs[5]), (1.0, passes), "one reverse sweep, evaluations of 8 directions");
            assert_eq!((outputs[0], outputs[3], outputs[5]), (inputs[0], passes, 1.0), "the other way round");
        }
    }

    /// One recording grows with the steps; a budget is kept, and costs runs of steps, more of them where it is smaller.
    #[test]
    fn memory_is_bounded_where_it_is_asked_for() {
        let rows = numbers(&stdout(&["compare", "memory"]));
        assert_eq!(rows.len(), 6);
        for row in &rows {
            let [steps, recorded, small, runs_in_small, large, runs_in_large, unlike] = row[..] else {
                panic!("{row:?}")
            };
            assert_eq!(recorded, 96.0 * steps, "four records of 24 bytes for each step");
            assert!(small <= 16384.0 && large <= 131_072.0, "{row:?}");
            assert!(1.0 <= runs_in_large && runs_in_large <= runs_in_small && runs_in_small < 5.0, "{row:?}");
            assert_eq!(unlike, 0.0, "the same bits");
        }
        for pair in rows.windows(2) {
            assert!(pair[0][3] <= pair[1][3] && pair[0][5] <= pair[1][5], "more steps in as many bytes: {pair:?}");
        }
    }

    #[test]
    fn pictures_are_whole() {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("curves");
        std::fs::create_dir_all(&directory).unwrap();
        for (name, curves) in [("swell", 4), ("differences", 3), ("memory", 5)] {
            let file = directory.join(format!("{name}.svg"));
            stdout(&["compare", name, "--svg", file.to_str().unwrap()]);
            let svg = std::fs::read_to_string(&file).unwrap();
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}");
            assert!(svg.matches("<polyline").count() >= 2 * curves, "{name}: each curve, and its sign in the legend");
        }
        let missing = wengert(&["compare", "swell", "--svg", directory.join("none/x.svg").to_str().unwrap()]);
        assert_eq!((missing.status.code(), missing.stdout.len()), (Some(2), 0));
    }
}
