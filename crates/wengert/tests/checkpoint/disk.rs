//! Loops whose states are in files: the right result or an error, and nothing left.

use crate::memory::peak_of;
use std::cell::Cell;
use std::fs;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};
use wengert::checkpoint::{Memory, Report};
use wengert::{Error, Result, Rows, Var, value_and_grad_with};

/// A new folder, gone at the end of its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("files-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a new folder");
        Folder(path)
    }

    /// The text of an error, without what is another in each run.
    fn told(&self, error: &Error) -> String {
        let text = error.to_string().replace(self.0.to_str().expect("a name in UTF-8"), "FOLDER");
        match text.split_once("wengert-") {
            Some((_, rest)) => text.replace(&rest[..16], "RUN"),
            None => text,
        }
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder of the test");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "snapshot")).collect()
}

#[track_caller]
fn expect_empty(folder: &Path) {
    assert_eq!(files(folder), [""; 0].map(PathBuf::from));
}

fn disk(folder: &Path, memory_slots: usize, disk_slots: usize) -> Memory {
    Memory::Disk { dir: folder.to_owned(), memory_slots, disk_slots }
}

/// The value and the gradient of a loop, as bits, and its report.
type Outcome = Result<(u64, [u64; 2], Report)>;

/// Numbers of a state beside the two that count.
const REST: usize = 30;

/// A loop with a state of 32 numbers; what else happens in a step, given how often steps ran before.
fn run(memory: Memory, steps: usize, beside: impl Fn(usize)) -> Outcome {
    let calls = Cell::new(0);
    let (value, gradient, mut reports): (f64, [f64; 2], Vec<Report>) = value_and_grad_with(&[0.3, 1.1], |rec, x| {
        let step = |[p, q]: [Var<f64>; 2], a: Var<f64>| [p + (q - p * a).sin() * 0.1, q - p * 0.1];
        let start = (vec![x[0]; REST], [x[0] * x[1], x[1]]);
        let (calls, beside, a) = (&calls, &beside, x[1]);
        let (rest, [p, q]) = rec.scan(memory, start, Rows::new(steps), move |(mut rest, pq), _| {
            beside(calls.replace(calls.get() + 1));
            rest.rotate_right(1);
            rest[0] += pq[0] * 0.01;
            (rest, step(pq, a))
        })?;
        Ok(rest.into_iter().sum::<Var<f64>>() + p * q)
    })?;
    Ok((value.to_bits(), gradient.map(f64::to_bits), reports.remove(0)))
}

/// The bits that every memory gives.
fn right(steps: usize) -> (u64, [u64; 2]) {
    let (value, gradient, _) = run(Memory::All, steps, |_| {}).unwrap();
    (value, gradient)
}

#[track_caller]
fn expect_right(outcome: Outcome, steps: usize) -> Report {
    let (value, gradient, report) = outcome.unwrap();
    assert_eq!((value, gradient), right(steps));
    report
}

#[test]
fn the_same_bits_as_in_memory() {
    let folder = Folder::new();
    for (steps, memory_slots, disk_slots) in
        [(1, 1, 1), (2, 1, 1), (3, 1, 2), (10, 1, 1), (10, 1, 9), (57, 2, 3), (200, 3, 8), (200, 1, 300)]
    {
        let report = expect_right(run(disk(&folder, memory_slots, disk_slots), steps, |_| {}), steps);
        assert!(report.counts.peak_slots <= memory_slots && report.counts.peak_disk_slots <= disk_slots, "{report}");
        if steps > 3 {
            assert_eq!(report.evaluations, Some(report.counts.evaluations), "as planned: {report}");
            assert!(report.counts.disk_writes > 0, "{report}");
            let traffic = report.traffic.expect("files");
            let bytes = 8 * (REST + 2) as u64 + 72;
            assert_eq!(traffic.written, bytes * report.counts.disk_writes);
            assert_eq!(traffic.read, bytes * report.counts.disk_reads);
            assert_eq!((traffic.held, traffic.peak), (0, bytes * report.counts.peak_disk_slots as u64));
        }
        expect_empty(&folder);
    }
}

#[test]
fn loops_of_unknown_length_and_nested_loops_share_a_folder() {
    let folder = Folder::new();
    let derivative = |inner: Memory, outer: Memory| {
        value_and_grad_with(0.4, |rec, x| {
            let y = rec.scan(outer, x, Rows::new(30), move |y, _| {
                let small = move |z: &Var<f64>| z.value() < 3.0;
                let z = rec.scan_while(inner.clone(), y + 1.0, small, move |z, _| z + z.sin() * y * 0.1 + 0.05);
                y + z.expect("the inner loop") * x * 0.001
            })?;
            Ok(y)
        })
        .map(|(value, slope, _)| (value.to_bits(), slope.to_bits()))
        .unwrap()
    };
    let plain = derivative(Memory::All, Memory::All);
    assert_eq!(derivative(disk(&folder, 1, 3), disk(&folder, 1, 4)), plain);
    assert_eq!(derivative(disk(&folder, 2, 2), Memory::Slots(3)), plain);
    expect_empty(&folder);
}

#[test]
fn an_error_leaves_nothing() {
    let folder = Folder::new();
    let seen = Cell::new(0);
    let error = value_and_grad_with(0.5, |rec, x| {
        let seen = &seen;
        let y = rec.scan(disk(&folder, 1, 6), x, Rows::new(100), move |y, _| {
            seen.set(seen.get() + 1);
            y + x * 0.01 + f64::from(seen.get()) * 1e-9
        })?;
        Ok(y)
    })
    .unwrap_err();
    assert!(error.to_string().contains("it gave another one"), "{error}");
    expect_empty(&folder);
}

#[test]
fn a_panic_leaves_nothing() {
    let folder = Folder::new();
    let steps = 100;
    for at in [0, 1, 50, 99, 100, 101, 150, 190] {
        let most = Cell::new(0);
        let run = || {
            run(disk(&folder, 2, 5), steps, |calls| {
                most.set(most.get().max(snapshots(&folder).len()));
                assert!(calls < at, "enough");
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "a panic in call {at}");
        assert!(at < 99 || most.get() > 1, "there were files");
        expect_empty(&folder);
    }
}

#[test]
fn no_folder() {
    let folder = Folder::new();
    let refusal = |path: &Path| folder.told(&run(disk(path, 2, 3), 20, |_| {}).unwrap_err());
    let end = "; name one that exists, can be written to and allows locks";
    let why = "No such file or directory (os error 2)";
    assert_eq!(refusal(&folder.join("none")), format!("cannot keep snapshots in the folder `FOLDER/none`: {why}{end}"));
    fs::write(folder.join("file"), "mine").unwrap();
    let why = "Not a directory (os error 20)";
    assert_eq!(refusal(&folder.join("file")), format!("cannot keep snapshots in the folder `FOLDER/file`: {why}{end}"));
    assert_eq!(files(&folder), [folder.join("file")]);
}

/// Does something to the files of a loop at its first step that runs again, and gives the error of the loop.
#[track_caller]
fn when(something: impl Fn(&Folder)) -> String {
    let folder = Folder::new();
    let steps = 100;
    let outcome = run(disk(&folder, 1, 7), steps, |calls| {
        if calls == steps {
            something(&folder);
        }
    });
    let text = folder.told(&outcome.expect_err("never a wrong number"));
    assert!(text.starts_with("cannot read state "), "{text}");
    expect_empty(&folder);
    text
}

#[test]
fn a_file_that_was_changed_is_an_error() {
    for at in [3, 17, 40, 64, 200, 64 + 8 * 32 + 3] {
        let text = when(|folder| {
            for path in snapshots(folder) {
                let mut bytes = fs::read(&path).unwrap();
                bytes[at] ^= 4;
                fs::write(path, bytes).unwrap();
            }
        });
        assert!(text.contains(if at < 64 { "its header " } else { "its checksum is " }), "{text}");
    }
    let text = when(|folder| snapshots(folder).iter().for_each(|path| fs::write(path, "").unwrap()));
    assert!(text.contains("it has 0 bytes, and 328 were written"), "{text}");
    let text = when(|folder| snapshots(folder).iter().for_each(|path| fs::remove_file(path).unwrap()));
    assert!(text.contains("No such file or directory"), "{text}");
    let text = when(|folder| {
        let paths = snapshots(folder);
        let mut all: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        all.rotate_left(1);
        paths.iter().zip(all).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    });
    assert!(text.contains("its header says state "), "{text}");
}

#[test]
fn files_of_others_stay() {
    let folder = Folder::new();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::write(folder.join("wengert-0123456789abcdef.lock"), "").unwrap();
    fs::write(folder.join("wengert-0123456789abcdef-2.snapshot"), "left by a run that was killed").unwrap();
    expect_right(run(disk(&folder, 1, 4), 50, |_| {}), 50);
    assert_eq!(files(&folder), [folder.join("notes.txt")]);
}

#[test]
fn runs_at_once_in_one_folder() {
    let folder = Folder::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| drop(expect_right(run(disk(&folder, 1, 5), 60, |_| {}), 60))));
        }
    });
    expect_empty(&folder);
}

/// Neither the heap nor the folder grows with the steps.
#[test]
fn memory_is_flat() {
    let folder = Folder::new();
    let of = |steps: usize| {
        let memory = disk(&folder, 10, 50);
        let (result, peak) = peak_of(|| {
            value_and_grad_with([0.3, 1.1], |rec, x| {
                let step = move |[p, q]: [Var<f64>; 2], _: &[_]| [p + (q - p * x[1]) * 1e-3, q - p * 1e-3];
                let [p, q] = rec.scan(memory, x, Rows::new(steps), step)?;
                Ok(p * q)
            })
        });
        let (_, _, reports) = result.unwrap();
        assert!(reports[0].counts.disk_writes > 0 && reports[0].counts.peak_disk_slots <= 50, "{}", reports[0]);
        assert!(reports[0].traffic.expect("files").peak <= 50 * (16 + 72), "{}", reports[0]);
        peak
    };
    let many = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };
    of(1000);
    let (few, many) = (of(3000), of(many));
    assert!(many <= few + 4096, "{many} bytes against {few}");
}

/// Where a started process finds its folder.
const STARTED: &str = "WENGERT_TEST_OF_DISK";

fn started() -> Option<PathBuf> {
    env::var_os(STARTED).map(PathBuf::from)
}

/// This binary, which is to run one of the tests here in a folder, behind another command.
fn again(before: &[&str], test: &str, folder: &Path) -> Command {
    let module = module_path!().split_once("::").expect("a crate").1;
    let exe = env::current_exe().unwrap();
    let mut command = match before {
        [] => Command::new(exe),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(folder).arg(exe);
            command
        }
    };
    command.args(["--exact", &format!("{module}::{test}"), "--nocapture", "--test-threads=1"]).env(STARTED, folder);
    command
}

#[track_caller]
fn passes(mut command: Command) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn killed_in_the_middle() {
    let steps = 100;
    if let Some(folder) = started() {
        run(disk(&folder, 1, 7), steps, |calls| {
            if calls == steps + 20 {
                thread::sleep(Duration::from_secs(600))
            }
        })
        .unwrap();
        return;
    }
    let folder = Folder::new();
    let mut child = again(&[], "killed_in_the_middle", &folder).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while snapshots(&folder).len() < 4 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the process keeps states: {:?}", files(&folder));
        thread::sleep(Duration::from_millis(5));
    }
    let others = snapshots(&folder);
    expect_right(run(disk(&folder, 1, 7), steps, |_| {}), steps);
    assert!(others.iter().all(|path| path.exists()), "those of a run that lives stay");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(snapshots(&folder).len() >= 4, "nobody was left to remove them");
    expect_right(run(disk(&folder, 1, 7), steps, |_| {}), steps);
    expect_empty(&folder);
}

/// The system lets the started process make files, and put nothing in them.
#[test]
#[cfg(unix)]
fn files_that_may_not_grow() {
    let test = "files_that_may_not_grow";
    let Some(folder) = started() else {
        let limited = ["sh", "-c", "trap '' XFSZ && ulimit -f 0 && exec \"$@\""];
        return passes(again(&limited, test, &Folder::new()));
    };
    let error = run(disk(&folder, 1, 7), 100, |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("cannot write state ") && error.contains("File too large (os error 27)"), "{error}");
    expect_empty(&folder);
}

/// A file system of 32 KiB, mounted where only the started process sees it.
#[test]
#[cfg(target_os = "linux")]
fn a_small_disk() {
    let Some(folder) = started() else {
        let folder = Folder::new();
        let may = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none"]).arg(&*folder).output();
        if !may.is_ok_and(|output| output.status.success()) {
            return println!("skipped: this system does not let a test mount a file system");
        }
        let mount = "mount -t tmpfs -o size=32k none \"$0\" && exec \"$@\"";
        passes(again(&["unshare", "-rm", "sh", "-c", mount], "a_small_disk", &folder));
        return expect_empty(&folder);
    };
    let error = run(disk(&folder, 1, 20), 100, |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("cannot write state ") && error.contains("No space left on device"), "{error}");
    expect_empty(&folder);
    expect_right(run(disk(&folder, 1, 5), 100, |_| {}), 100);
    expect_empty(&folder);
}
