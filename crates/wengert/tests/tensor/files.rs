//! Files of tensors: those of others, our own, damaged ones, and places where none can be written.
#![cfg(all(feature = "npy", feature = "safetensors"))]

use std::fs;
use std::path::{Path, PathBuf};
use wengert::tensor::{DType, Tensor, load_npz, load_safetensors, save_npz, save_safetensors};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("wengert-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tensor/data").join(name)
}

#[test]
fn what_numpy_wrote() {
    let x = Tensor::load_npy(data("fortran.npy")).unwrap();
    assert_eq!((x.shape(), x.to_vec::<f64>()), (&[2, 3][..], vec![1.5, 2.5, 3.5, 4.5, 5.5, 6.5]));
    assert_eq!(Tensor::load_npy(data("big_endian.npy")).unwrap().to_vec::<i64>(), [1, -2, 3]);
    let two = load_npz(data("two.npz")).unwrap();
    assert_eq!((two[0].0.as_str(), two[0].1.shape(), two[0].1.dtype()), ("w", &[1, 2][..], DType::F32));
    assert_eq!((two[1].0.as_str(), two[1].1.to_vec::<bool>()), ("mask", vec![true, false]));
    let error = Tensor::load_npy(data("half.npy")).unwrap_err().to_string();
    assert!(error.ends_with("convert them to bool, int64, float32 or float64"), "{error}");
}

/// Tensors of every type, with empty ones and scalars.
fn samples() -> Vec<Tensor> {
    let special = Tensor::from([f64::NAN, -0.0, f64::INFINITY, 5e-324]);
    let ints = Tensor::from([[i64::MIN, i64::MAX]]);
    vec![special, ints, Tensor::from(1.5_f32), Tensor::from([true, false]), Tensor::zeros([2, 0, 3], DType::F64)]
}

/// The elements to the bit.
fn bits(x: &Tensor) -> (Vec<usize>, DType, Vec<u64>) {
    let bits = match x.dtype() {
        DType::Bool => x.to_vec::<bool>().iter().map(|&x| u64::from(x)).collect(),
        DType::I64 => x.to_vec::<i64>().iter().map(|&x| x as u64).collect(),
        DType::F32 => x.to_vec::<f32>().iter().map(|x| u64::from(x.to_bits())).collect(),
        DType::F64 => x.to_vec::<f64>().iter().map(|x| x.to_bits()).collect(),
    };
    (x.shape().to_vec(), x.dtype(), bits)
}

#[test]
fn what_we_write_comes_back_to_the_bit() {
    let folder = Folder::new("round-trip");
    let samples = samples();
    for x in &samples {
        x.save_npy(folder.file("x.npy")).unwrap();
        assert_eq!(bits(&Tensor::load_npy(folder.file("x.npy")).unwrap()), bits(x));
    }
    let names = ["a", "b", "c", "d", "e"];
    let named: Vec<(&str, &Tensor)> = names.into_iter().zip(&samples).collect();
    save_npz(folder.file("all.npz"), &named).unwrap();
    save_safetensors(folder.file("all.safetensors"), &named, &[("seed", "7")]).unwrap();
    let (tensors, metadata) = load_safetensors(folder.file("all.safetensors")).unwrap();
    assert_eq!(metadata["seed"], "7");
    for loaded in [load_npz(folder.file("all.npz")).unwrap(), tensors] {
        assert_eq!(loaded.len(), samples.len());
        for ((name, x), (wanted, sample)) in loaded.iter().zip(&named) {
            assert_eq!((name.as_str(), bits(x)), (*wanted, bits(sample)));
        }
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 3, "nothing is left beside");
}

#[test]
fn damaged_files_are_refused() {
    let folder = Folder::new("damaged");
    let x = Tensor::from([1.0, 2.0, 3.0]);
    x.save_npy(folder.file("x.npy")).unwrap();
    save_npz(folder.file("x.npz"), &[("x", &x)]).unwrap();
    save_safetensors(folder.file("x.safetensors"), &[("x", &x)], &[]).unwrap();
    for name in ["x.npy", "x.npz", "x.safetensors"] {
        let path = folder.file(name);
        let whole = fs::read(&path).unwrap();
        for cut in [0, 1, 7, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            let refused = match name {
                "x.npy" => Tensor::load_npy(&path).is_err(),
                "x.npz" => load_npz(&path).is_err(),
                _ => load_safetensors(&path).is_err(),
            };
            assert!(refused, "{name} cut to {cut} bytes");
        }
    }
    let error = Tensor::load_npy(folder.file("none.npy")).unwrap_err().to_string();
    assert!(error.starts_with("cannot load ") && error.contains("none.npy"), "{error}");
}

/// Headers that would have their reader take much memory, overflow a product, or nest until the stack ends.
#[test]
fn headers_are_not_taken_at_their_word() {
    let folder = Folder::new("headers");
    let path = folder.file("x.npy");
    let literal = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let headers = [
        (u32::MAX, "{".to_owned(), " bytes long, and none needs more than 10000"),
        (200, literal("(4294967296, 4294967296, 4294967296)"), "its sizes are greater than memory"),
        (9000, "(".repeat(9000), "its header nests deeper than that of any array"),
        (200, literal("(1000000000000,)"), ""),
    ];
    for (length, header, why) in headers {
        let start = [&b"\x93NUMPY\x02\x00"[..], &length.to_le_bytes(), header.as_bytes()].concat();
        fs::write(&path, [start, vec![b' '; 200]].concat()).unwrap();
        let error = Tensor::load_npy(&path).unwrap_err().to_string();
        assert!(error.starts_with("cannot load ") && error.contains(why), "{error}");
    }
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let folder = Folder::new("failed");
    let path = folder.file("x.safetensors");
    let x = Tensor::from([1.0]);
    save_safetensors(&path, &[("x", &x)], &[]).unwrap();
    let before = fs::read(&path).unwrap();
    let error = save_safetensors(&path, &[("x", &x), ("x", &x)], &[]).unwrap_err().to_string();
    assert!(error.contains("two tensors have the name `x`"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(x.save_npy(folder.file("missing/x.npy")).is_err());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn threads_that_save_to_one_path_do_not_share_a_file() {
    let folder = Folder::new("threads");
    let path = folder.file("x.npy");
    let x = Tensor::zeros([1000], DType::F64).eval();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| x.save_npy(&path).unwrap()));
        }
    });
    assert_eq!(Tensor::load_npy(&path).unwrap().len(), 1000);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}
