//! The generated documents: checked in, and compared with what the program prints.

use crate::Outcome;
use crate::shell::{command, output_of, root};

/// A command and the document that it prints.
const DOCUMENTS: [(&str, &str); 1] = [("cargo run --quiet -p wengert-cli -- rules --markdown", "docs/rules.md")];

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
    Ok(())
}

/// Writes every document anew.
pub(crate) fn bless() -> Outcome {
    for (words, file) in DOCUMENTS {
        let text = output_of(command(words))?;
        std::fs::write(root().join(file), text).map_err(|e| format!("cannot write {file}: {e}"))?;
        println!("{file} is written");
    }
    Ok(())
}

/// A file of the repository.
pub(crate) fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(file)).map_err(|e| format!("cannot read {file}: {e}"))
}
