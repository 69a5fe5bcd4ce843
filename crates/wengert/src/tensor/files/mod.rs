//! Tensors in files, and in the arrays of other crates. What is written is written beside and renamed, so that no reader
//! sees half of it.

#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "npy")]
mod npy;
#[cfg(feature = "safetensors")]
mod safetensors;

#[cfg(feature = "npy")]
pub use npy::{load_npz, save_npz};
#[cfg(feature = "safetensors")]
pub use safetensors::{load_safetensors, save_safetensors};

#[cfg(any(feature = "npy", feature = "safetensors"))]
mod whole {
    use crate::error::{Error, Result};
    use std::fmt::Display;
    use std::fs::{self, File};
    use std::io::{self, BufWriter, Write};
    use std::path::Path;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// How many files this process has begun: two threads that save to one path write two files.
    static BEGUN: AtomicU64 = AtomicU64::new(0);

    /// Writes a file beside `path`, then renames it; of one that cannot be written nothing is left.
    pub(super) fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.{}.part", std::process::id(), BEGUN.fetch_add(1, Ordering::Relaxed)));
        let beside = path.with_file_name(name);
        let written = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create(&beside)?);
            fill(&mut file)?;
            file.flush()?;
            file.get_ref().sync_all()?;
            fs::rename(&beside, path)
        };
        written().map_err(|error| {
            // It has failed already; that its remains cannot be removed adds nothing.
            let _ = fs::remove_file(&beside);
            unreadable("write", path, error)
        })
    }

    /// The error of a file.
    pub(super) fn unreadable(asked: &str, path: &Path, why: impl Display) -> Error {
        Error::new(format_args!("cannot {asked} {}: {why}", path.display()))
    }
}
