#![doc = include_str!("../../README.md")]

/// The code of `docs/rows.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rows.md")]
struct RowsPage;
