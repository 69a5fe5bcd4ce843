//! Names of lines as text: `v3`, and `v3..v12` for a run of them.

use std::fmt;

/// So many names in a row are written out; a longer run is written by its ends.
const WRITTEN_OUT: usize = 8;

/// The names of lines, in their order.
pub(super) struct Names<'a> {
    pub(super) ids: &'a [u32],
    /// What stands between two names.
    pub(super) between: &'static str,
}

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, run) in self.ids.chunk_by(|a, b| a.checked_add(1) == Some(*b)).enumerate() {
            let before = if i == 0 { "" } else { self.between };
            write!(f, "{before}{}", Run { first: run[0], len: run.len(), between: self.between })?;
        }
        Ok(())
    }
}

/// The names of so many lines that follow each other, at least one.
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) len: usize,
    pub(super) between: &'static str,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.first + (self.len - 1) as u32;
        if self.len > WRITTEN_OUT {
            return write!(f, "{}", Ends(self.first, last));
        }
        write!(f, "v{}", self.first)?;
        (self.first..last).try_for_each(|id| write!(f, "{}v{}", self.between, id + 1))
    }
}

/// A run by its first and its last name: `v3..v12`, or `v3` alone.
pub(super) struct Ends(pub(super) u32, pub(super) u32);

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)?;
        if self.1 > self.0 { write!(f, "..v{}", self.1) } else { Ok(()) }
    }
}

/// The first and the last line that a name or a run names.
pub(super) fn read_ends(name: &str) -> Result<(u32, u32), String> {
    let id = |name: &str| name.strip_prefix('v').and_then(|digits| digits.parse::<u32>().ok());
    let (first, last) = name.split_once("..").unwrap_or((name, name));
    match (id(first), id(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        (Some(_), Some(_)) => Err(format!("the run `{name}` ends before it begins")),
        _ => Err(format!("`{name}` is not an earlier line")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, read_ends};

    #[test]
    fn long_runs_are_written_by_their_ends() {
        let text = |ids: &[u32], between| Names { ids, between }.to_string();
        assert_eq!(text(&[], " "), "");
        assert_eq!(text(&[3, 4, 5, 6, 7, 8, 9, 10], " "), "v3 v4 v5 v6 v7 v8 v9 v10");
        assert_eq!(text(&[0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 3, 2], ", "), "v0, v3..v11, v3, v2");
        assert_eq!(text(&[u32::MAX - 1, u32::MAX, 0], " "), "v4294967294 v4294967295 v0");
        assert_eq!((read_ends("v3..v11"), read_ends("v3")), (Ok((3, 11)), Ok((3, 3))));
        for wrong in ["", "v", "3", "v3..", "..v3", "v3..4", "v4..v3", "v-1", "v4294967296"] {
            assert!(read_ends(wrong).is_err(), "{wrong}");
        }
    }
}
