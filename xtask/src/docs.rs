//! The generated documents: checked in, and compared with what the program prints, or a test measures.

use crate::Outcome;
use crate::shell::{command, output_of, root, run, run_with};

/// A command and the document that it prints.
const DOCUMENTS: [(&str, &str); 1] = [("cargo run --quiet -p wengert-cli -- rules --markdown", "docs/rules.md")];

/// A test and the document that it compares with what it measures.
const MEASURED: [(&str, &str); 2] = [
    ("cargo test --quiet -p wengert-cli --test nist document", "docs/nist.md"),
    (
        "cargo test --quiet -p wengert --features tensor --test tensors conformance::table::document",
        "docs/tensor-conformance.md",
    ),
];

/// By this variable a test writes its document instead of comparing it.
const BLESS: (&str, &str) = ("UPDATE_EXPECT", "1");

/// Fails where a document differs from what its command prints.
pub(crate) fn compare() -> Outcome {
    for (words, file) in DOCUMENTS {
        if read(file)? != output_of(command(words))? {
            return Err(format!(
                "{file} is not what `{words}` prints; run `cargo xtask docs --bless` and look at the change"
            ));
        }
        println!("{file} is up to date");
    }
    for (words, file) in MEASURED {
        run(words).map_err(|why| format!("{file}: {why}; run `cargo xtask docs --bless` and look at the change"))?;
        println!("{file} is up to date");
    }
    Ok(())
}

/// Writes every document anew.
pub(crate) fn bless() -> Outcome {
    for (words, file) in DOCUMENTS {
        let text = output_of(command(words))?;
        std::fs::write(root().join(file), text).map_err(|e| format!("cannot write {file}: {e}"))?;
        println!("{file} is written");
    }
    for (words, file) in MEASURED {
        run_with(words, &[BLESS])?;
        println!("{file} is written");
    }
    Ok(())
}

/// A file of the repository.
pub(crate) fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(file)).map_err(|e| format!("cannot read {file}: {e}"))
}
