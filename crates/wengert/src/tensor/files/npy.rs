//! NumPy's files: `.npy` with one array, `.npz` with several by name.

use super::whole::{unreadable, write};
use crate::error::Result;
use crate::tensor::array::{Array, Data};
use crate::tensor::node::Tensor;
use crate::tensor::primitives::Permute;
use crate::tensor::run::value_of;
use crate::tensor::shape::{Shape, checked_len};
use npyz::{NpyFile, Order, TypeChar, WriterBuilder};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

impl Tensor {
    /// The array of a `.npy` file: booleans, integers of any size up to 64 bits (as `I64`), single and double precision,
    /// of either byte order and either order of axes.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// let path = std::env::temp_dir().join(format!("wengert-doc-{}.npy", std::process::id()));
    /// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    /// x.save_npy(&path)?;
    /// assert_eq!(Tensor::load_npy(&path)?.to_vec::<f64>(), x.to_vec::<f64>());
    /// # std::fs::remove_file(path).unwrap();
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, is no such file or is cut off, or has elements of another type.
    #[track_caller]
    pub fn load_npy(path: impl AsRef<Path>) -> Result<Tensor> {
        let path = path.as_ref();
        let array = File::open(path).and_then(|file| read(BufReader::new(file)));
        Ok(Tensor::known(array.map_err(|error| unreadable("load", path, error))?))
    }

    /// Writes the tensor as a `.npy` file.
    ///
    /// See [`load_npy`](Self::load_npy) for an example.
    ///
    /// # Errors
    /// If it has no value, or the file cannot be written: what stood there before stands there still.
    pub fn save_npy(&self, path: impl AsRef<Path>) -> Result<()> {
        let value = value_of(self)?;
        write(path.as_ref(), |file| write_array(&value, file))
    }
}

/// The arrays of a `.npz` file with their names, in their order there.
///
/// ```
/// use wengert::tensor::{Tensor, load_npz, save_npz};
/// let path = std::env::temp_dir().join(format!("wengert-doc-{}.npz", std::process::id()));
/// save_npz(&path, &[("w", &Tensor::from([1.0, 2.0])), ("b", &Tensor::from(0.5))])?;
/// let arrays = load_npz(&path)?;
/// assert_eq!((arrays[0].0.as_str(), arrays[1].1.item::<f64>()), ("w", 0.5));
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// As [`Tensor::load_npy`], of any of them.
#[track_caller]
pub fn load_npz(path: impl AsRef<Path>) -> Result<Vec<(String, Tensor)>> {
    let path = path.as_ref();
    let failed = |error: io::Error| unreadable("load", path, error);
    let file = File::open(path).map_err(failed)?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| failed(error.into()))?;
    let mut arrays = Vec::with_capacity(archive.len());
    for i in 0..archive.len() {
        let part = archive.by_index(i).map_err(|error| failed(error.into()))?;
        let name = part.name().strip_suffix(".npy").unwrap_or(part.name()).to_owned();
        let array = read(part).map_err(|error| unreadable(&format!("load array `{name}` of"), path, error))?;
        arrays.push((name, Tensor::known(array)));
    }
    Ok(arrays)
}

/// Writes tensors with names as a `.npz` file, without compression, as `numpy.savez` does.
///
/// See [`load_npz`] for an example.
///
/// # Errors
/// If one has no value, two have one name, or the file cannot be written: what stood there before stands there still.
pub fn save_npz(path: impl AsRef<Path>, tensors: &[(&str, &Tensor)]) -> Result<()> {
    let values = tensors.iter().map(|(name, x)| Ok((*name, value_of(x)?))).collect::<Result<Vec<_>>>()?;
    write(path.as_ref(), |file| {
        let mut archive = ZipWriter::new(file);
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(true);
        for (name, value) in &values {
            archive.start_file(format!("{name}.npy"), stored)?;
            write_array(value, &mut archive)?;
        }
        archive.finish()?;
        Ok(())
    })
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The longest header, and the deepest, that is parsed: NumPy has the same length, and no array of ours needs more.
const LONGEST: usize = 10_000;
const DEEPEST: i32 = 16;

/// The same bytes, after a look at the header: what parses it takes lengths and sizes at their word, and nests as it does.
fn guarded(mut source: impl Read) -> io::Result<impl Read> {
    let mut start = Vec::new();
    source.by_ref().take(12).read_to_end(&mut start)?;
    // Six bytes of magic, two of the version, then the length: of two bytes in version 1, of four later.
    let length = match start[..] {
        [_, _, _, _, _, _, 1, _, a, b, ..] => usize::from(u16::from_le_bytes([a, b])),
        [_, _, _, _, _, _, _, _, a, b, c, d] => u32::from_le_bytes([a, b, c, d]) as usize,
        _ => 0,
    };
    if length > LONGEST {
        return Err(invalid(format!("its header is {length} bytes long, and none needs more than {LONGEST}")));
    }
    source.by_ref().take(length as u64).read_to_end(&mut start)?;
    let mut depth = 0;
    for byte in &start {
        depth += i32::from(b"([{".contains(byte)) - i32::from(b")]}".contains(byte));
        if depth > DEEPEST {
            return Err(invalid("its header nests deeper than that of any array".into()));
        }
    }
    let header = String::from_utf8_lossy(start.get(10..).unwrap_or_default());
    let sizes = header.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.bytes().any(|digit| digit != b'0'));
    let fits = |numbers: u64, digits: &str| numbers.checked_mul(digits.parse().ok()?);
    if sizes.into_iter().try_fold(1, fits).is_none() {
        return Err(invalid("its sizes are greater than memory".into()));
    }
    Ok(Cursor::new(start).chain(source))
}

fn read(source: impl Read) -> io::Result<Array> {
    let file = NpyFile::new(guarded(source)?)?;
    let npyz::DType::Plain(kind) = file.header().dtype() else {
        return Err(invalid("it has records; save one array for each of their fields".into()));
    };
    let sizes: Option<Vec<usize>> = file.header().shape().iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = Shape::from(sizes.ok_or_else(|| invalid("its sizes are greater than memory".into()))?);
    checked_len("load", &shape).map_err(|error| invalid(error.to_string()))?;
    let order = file.header().order();
    // In Fortran's order the first axis runs fastest: it is the transpose of an array in ours.
    let stored = match order {
        Order::C => shape.clone(),
        Order::Fortran => shape.iter().rev().copied().collect::<Vec<_>>().into(),
    };
    macro_rules! widened {
        ($T:ty) => {
            Array::new(file.into_vec::<$T>()?.into_iter().map(i64::from).collect(), stored)
        };
    }
    let array = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Bool, _) => Array::new(file.into_vec::<bool>()?, stored),
        (TypeChar::Int, 1) => widened!(i8),
        (TypeChar::Int, 2) => widened!(i16),
        (TypeChar::Int, 4) => widened!(i32),
        (TypeChar::Int, 8) => Array::new(file.into_vec::<i64>()?, stored),
        (TypeChar::Uint, 1) => widened!(u8),
        (TypeChar::Uint, 2) => widened!(u16),
        (TypeChar::Uint, 4) => widened!(u32),
        (TypeChar::Float, 4) => Array::new(file.into_vec::<f32>()?, stored),
        (TypeChar::Float, 8) => Array::new(file.into_vec::<f64>()?, stored),
        _ => {
            let why = format!("its elements are of type {kind}; convert them to bool, int64, float32 or float64");
            return Err(invalid(why));
        }
    };
    Ok(match order {
        Order::C => array,
        Order::Fortran => {
            let reversed = Permute((0..shape.rank()).rev().collect());
            reversed.view(&array.shape).read(&array, &shape)
        }
    })
}

fn write_array(value: &Array, to: &mut impl Write) -> io::Result<()> {
    let shape: Vec<u64> = value.shape.iter().map(|&size| size as u64).collect();
    macro_rules! put {
        ($x:expr, $T:ty) => {{
            let mut writer = npyz::WriteOptions::<$T>::new().default_dtype().shape(&shape).writer(to).begin_nd()?;
            writer.extend($x.iter().copied())?;
            writer.finish()
        }};
    }
    match &value.data {
        Data::Bool(x) => put!(x, bool),
        Data::I64(x) => put!(x, i64),
        Data::F32(x) => put!(x, f32),
        Data::F64(x) => put!(x, f64),
    }
}
