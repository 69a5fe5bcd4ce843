//! The format of safetensors: named tensors, their bytes one behind the other, and no code.

use super::whole::{unreadable, write};
use crate::error::Result;
use crate::tensor::array::{Array, Data};
use crate::tensor::node::Tensor;
use crate::tensor::run::value_of;
use crate::tensor::shape::Shape;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// Tensors with their names.
type Named = Vec<(String, Tensor)>;

/// The tensors of a `.safetensors` file with their names, in the order of the names, and its metadata.
///
/// ```
/// use wengert::tensor::{Tensor, load_safetensors, save_safetensors};
/// let path = std::env::temp_dir().join(format!("wengert-doc-{}.safetensors", std::process::id()));
/// save_safetensors(&path, &[("w", &Tensor::from([1.0_f32, 2.0]))], &[("step", "12")])?;
/// let (tensors, metadata) = load_safetensors(&path)?;
/// assert_eq!((tensors[0].0.as_str(), metadata["step"].as_str()), ("w", "12"));
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be read, is no such file, is cut off or altered in its structure, or has elements of a type that
/// tensors have not.
#[track_caller]
pub fn load_safetensors(path: impl AsRef<Path>) -> Result<(Named, HashMap<String, String>)> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|error| unreadable("load", path, error))?;
    let parsed = SafeTensors::deserialize(&bytes).map_err(|error| unreadable("load", path, error))?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| unreadable("load", path, error))?;
    let mut named = parsed.tensors();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut tensors = Vec::with_capacity(named.len());
    for (name, view) in named {
        let array = array(&view).map_err(|why| unreadable(&format!("load tensor `{name}` of"), path, why))?;
        tensors.push((name, Tensor::known(array)));
    }
    Ok((tensors, header.metadata().clone().unwrap_or_default()))
}

/// Writes tensors with names, and metadata, as a `.safetensors` file.
///
/// See [`load_safetensors`] for an example.
///
/// # Errors
/// If one has no value, two have one name, or the file cannot be written: what stood there before stands there still.
pub fn save_safetensors(path: impl AsRef<Path>, tensors: &[(&str, &Tensor)], metadata: &[(&str, &str)]) -> Result<()> {
    let path = path.as_ref();
    let failed = |why: &dyn std::fmt::Display| unreadable("write", path, why);
    let mut bytes = Vec::with_capacity(tensors.len());
    for (name, x) in tensors {
        let value = value_of(x)?;
        bytes.push((*name, kind(&value), value.shape.to_vec(), to_bytes(&value.data)));
    }
    let mut names: Vec<&str> = tensors.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(failed(&format!("two tensors have the name `{}`; give each a name of its own", twice[0])));
    }
    let mut views = Vec::with_capacity(bytes.len());
    for (name, kind, shape, bytes) in &bytes {
        views.push((*name, TensorView::new(*kind, shape.clone(), bytes).map_err(|error| failed(&error))?));
    }
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let whole = safetensors::serialize(views, Some(metadata)).map_err(|error| failed(&error))?;
    write(path, |file| file.write_all(&whole))
}

fn kind(value: &Array) -> Dtype {
    match value.data {
        Data::Bool(_) => Dtype::BOOL,
        Data::I64(_) => Dtype::I64,
        Data::F32(_) => Dtype::F32,
        Data::F64(_) => Dtype::F64,
    }
}

fn to_bytes(data: &Data) -> Vec<u8> {
    match data {
        Data::Bool(x) => x.iter().map(|&x| u8::from(x)).collect(),
        Data::I64(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::F32(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Data::F64(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}

fn array(view: &TensorView<'_>) -> std::result::Result<Array, String> {
    let shape = Shape::from(view.shape());
    macro_rules! numbers {
        ($T:ty) => {{
            const BYTES: usize = size_of::<$T>();
            let whole = |bytes: &[u8]| <$T>::from_le_bytes(std::array::from_fn(|i| bytes[i]));
            view.data().chunks_exact(BYTES).map(whole)
        }};
    }
    Ok(match view.dtype() {
        Dtype::BOOL => Array::new(view.data().iter().map(|&x| x != 0).collect(), shape),
        Dtype::I64 => Array::new(numbers!(i64).collect(), shape),
        Dtype::I32 => Array::new(numbers!(i32).map(i64::from).collect(), shape),
        Dtype::F32 => Array::new(numbers!(f32).collect(), shape),
        Dtype::F64 => Array::new(numbers!(f64).collect(), shape),
        other => return Err(format!("its elements are of type {other:?}; convert them to bool, i64, f32 or f64")),
    })
}
