//! Columns of text.

/// Aligns rows in columns, two spaces apart, each row behind `indent` spaces and without spaces at its end.
///
/// In a column in which some number is negative, the others leave room for the sign.
pub(crate) fn align(rows: &[Vec<String>], indent: usize) -> String {
    join(rows, indent, "  ")
}

/// The same with something else than two spaces between columns.
pub(crate) fn join(rows: &[Vec<String>], indent: usize, between: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let signed: Vec<bool> = (0..columns).map(|i| cells(rows, i).any(is_negative)).collect();
    let shift = |i: usize, cell: &str| match signed[i] && is_number(cell) && !is_negative(cell) {
        true => format!(" {cell}"),
        false => cell.to_owned(),
    };
    let shifted: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().enumerate().map(|(i, cell)| shift(i, cell)).collect()).collect();
    let widths: Vec<usize> =
        (0..columns).map(|i| cells(&shifted, i).map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
    shifted.iter().map(|row| line(row, &widths, indent, between)).collect()
}

fn line(row: &[String], widths: &[usize], indent: usize, between: &str) -> String {
    let filled = row.iter().zip(widths).filter(|(_, width)| **width > 0);
    let cells: Vec<String> = filled.map(|(cell, width)| format!("{cell:<width$}")).collect();
    format!("{}{}\n", " ".repeat(indent), cells.join(between).trim_end())
}

fn cells(rows: &[Vec<String>], column: usize) -> impl Iterator<Item = &str> {
    rows.iter().filter_map(move |row| row.get(column)).map(String::as_str)
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}

fn is_negative(cell: &str) -> bool {
    cell.starts_with('-') && is_number(cell)
}
