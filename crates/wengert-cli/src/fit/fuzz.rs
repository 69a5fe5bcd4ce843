//! Any bytes as a table of data.

use super::data::Data;

/// Any bytes: a failure that can be shown, or a table whose columns are numbers or say where they are not.
///
/// # Panics
/// If not, or if a mark of the encoding or the kind of line ends made a difference.
pub fn csv(bytes: &[u8]) {
    let parsed = Data::parse("data.csv".to_owned(), bytes);
    let shown = shown(bytes);
    match parsed {
        Ok(data) => has_columns(&data),
        Err(failure) => assert!(!failure.render(false).is_empty()),
    }
    if !bytes.starts_with(b"\xEF\xBB\xBF") {
        assert_eq!(self::shown(&[b"\xEF\xBB\xBF", bytes].concat()), shown, "with a mark of the encoding");
    }
    if !bytes.contains(&b'\r') && !bytes.contains(&b'"') {
        let lines = bytes.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        assert_eq!(self::shown(&lines), shown, "with line ends of two characters");
    }
}

fn has_columns(data: &Data) {
    assert!(data.rows() > 0);
    for (i, name) in data.names().enumerate() {
        match data.column(i) {
            Ok(numbers) => assert!(numbers.len() == data.rows() && numbers.iter().all(|x| x.is_finite())),
            Err(failure) => assert!(!failure.render(false).is_empty()),
        }
        assert!(name.is_empty() || data.find(name) == Some(i), "column {i}, `{name}`, is found by its name");
    }
    assert!(data.place(data.rows() - 1).contains("data.csv"));
    assert!(!data.unknown("no such column").render(false).is_empty());
}

/// All that a table says of itself, or the failure.
fn shown(bytes: &[u8]) -> String {
    match Data::parse("data.csv".to_owned(), bytes) {
        Err(failure) => failure.render(false),
        Ok(data) => {
            let column = |i| data.column(i).map_or_else(|failure| failure.render(false), |x| format!("{x:?}"));
            let names: Vec<&str> = data.names().collect();
            let columns: Vec<String> = (0..names.len()).map(column).collect();
            format!("{names:?} {columns:?} {}", data.place(data.rows() - 1))
        }
    }
}
