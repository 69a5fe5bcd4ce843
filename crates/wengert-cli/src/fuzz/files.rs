//! Any bytes as a file of tensors.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use wengert::tensor::{DType, Tensor, load_npz, load_safetensors};

/// The most bytes of numbers that a byte of a file can stand for: a thousand by compression, eight by a wider type.
const EACH: usize = 8 * 1100;

/// Any bytes as each kind of file: an error that names the file, or tensors of no more numbers than it can hold.
///
/// # Panics
/// If not, or if what was loaded is not the same again once it is saved and loaded.
pub fn files(bytes: &[u8]) {
    FILE.with(|file| {
        let path = &file.get_or_init(File::new).0;
        fs::write(path, bytes).expect("a temporary file can be written");
        let npy = Tensor::load_npy(path).map(|x| vec![(String::new(), x)]);
        let loaded = [npy, load_npz(path), load_safetensors(path).map(|(tensors, _)| tensors)];
        for tensors in loaded {
            match tensors {
                Ok(tensors) => tensors.iter().for_each(|(_, x)| holds(x, bytes.len(), path)),
                Err(why) => {
                    let (why, named) = (why.to_string(), path.to_string_lossy());
                    assert!(why.starts_with("cannot load ") && why.contains(&*named), "{why}");
                }
            }
        }
    });
}

/// A tensor out of a file of so many bytes.
fn holds(x: &Tensor, bytes: usize, path: &Path) {
    let numbers = numbers(x);
    assert!(numbers.len() * x.dtype().bytes() <= EACH * bytes, "{} numbers out of {bytes} bytes", numbers.len());
    x.save_npy(path).expect("what was loaded can be saved");
    let again = Tensor::load_npy(path).expect("what was saved can be loaded");
    assert_eq!((again.shape(), again.dtype(), self::numbers(&again)), (x.shape(), x.dtype(), numbers));
}

/// The numbers to the bit.
fn numbers(x: &Tensor) -> Vec<u64> {
    match x.dtype() {
        DType::Bool => x.to_vec::<bool>().into_iter().map(u64::from).collect(),
        DType::I64 => x.to_vec::<i64>().into_iter().map(|x| x as u64).collect(),
        DType::F32 => x.to_vec::<f32>().into_iter().map(|x| u64::from(x.to_bits())).collect(),
        DType::F64 => x.to_vec::<f64>().into_iter().map(f64::to_bits).collect(),
    }
}

thread_local! {
    static FILE: OnceCell<File> = const { OnceCell::new() };
}

/// A file of this thread, gone at its end.
struct File(PathBuf);

impl File {
    fn new() -> File {
        let name = format!("wengert-fuzz-{}-{:?}", std::process::id(), std::thread::current().id());
        File(std::env::temp_dir().join(name))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // That it cannot be removed says nothing about what was loaded.
        let _ = fs::remove_file(&self.0);
    }
}
