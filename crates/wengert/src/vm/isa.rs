//! Which instructions the processor has.

use crate::error::{Error, Result};
use std::sync::OnceLock;

/// An instruction set that there are kernels for, from the least to the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Isa {
    /// What every processor of the target has: SSE2 on x86-64, NEON on aarch64.
    Plain,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, DQ, VL and BW.
    Avx512,
}

/// The environment variable that lowers the instruction set.
const VARIABLE: &str = "WENGERT_ISA";

impl Isa {
    /// All of them, by number.
    pub(crate) const ALL: [Isa; 3] = [Isa::Plain, Isa::Avx2, Isa::Avx512];

    /// The greatest that the processor has, or the lesser one that `WENGERT_ISA` names: found out once.
    ///
    /// # Errors
    /// If `WENGERT_ISA` is another word than `sse2`, `avx2` and `avx512`.
    pub(crate) fn chosen() -> Result<Isa> {
        static CHOSEN: OnceLock<Result<Isa>> = OnceLock::new();
        CHOSEN.get_or_init(|| Isa::chosen_by(std::env::var(VARIABLE).ok().as_deref())).clone()
    }

    fn chosen_by(word: Option<&str>) -> Result<Isa> {
        let at_most = match word {
            None | Some("" | "avx512") => Isa::Avx512,
            Some("avx2") => Isa::Avx2,
            Some("sse2") => Isa::Plain,
            Some(other) => {
                return Err(Error::new(format_args!(
                    "cannot run with the instruction set {other:?} ({VARIABLE}): there are no kernels of that name; \
                     give `sse2`, `avx2` or `avx512`, or leave it away for the best that the processor has"
                )));
            }
        };
        Ok(at_most.min(Isa::detected()))
    }

    /// The greatest that the processor has.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    pub(crate) fn detected() -> Isa {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        match (avx2, avx512) {
            (true, true) => Isa::Avx512,
            (true, false) => Isa::Avx2,
            (false, _) => Isa::Plain,
        }
    }

    /// The greatest that the processor has.
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    pub(crate) fn detected() -> Isa {
        Isa::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_lowers_and_never_raises() {
        assert_eq!(Isa::chosen_by(None).unwrap(), Isa::detected());
        assert_eq!(Isa::chosen_by(Some("avx512")).unwrap(), Isa::detected());
        assert_eq!(Isa::chosen_by(Some("avx2")).unwrap(), Isa::Avx2.min(Isa::detected()));
        assert_eq!(Isa::chosen_by(Some("sse2")).unwrap(), Isa::Plain);
    }

    #[test]
    fn an_unknown_word_is_an_error() {
        assert_eq!(
            Isa::chosen_by(Some("avx1024")).unwrap_err().to_string(),
            "cannot run with the instruction set \"avx1024\" (WENGERT_ISA): there are no kernels of that name; give \
             `sse2`, `avx2` or `avx512`, or leave it away for the best that the processor has"
        );
    }
}
