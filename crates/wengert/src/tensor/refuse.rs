//! Errors at the user's line, and methods in two forms.

use crate::error::Error;
use std::fmt::Display;
use std::panic::Location;

/// The error of what was asked at a line of the user's.
pub(crate) fn refuse(at: &Location<'_>, asked: impl Display, why: impl Display, remedy: impl Display) -> Error {
    Error::new(format_args!("cannot {asked}: {why} ({at}); {remedy}"))
}

/// Methods in two forms: one that panics at the user's line, and one with an error in its place.
macro_rules! fallible {
    ($(
        $(#[$meta:meta])*
        pub fn $name:ident / $attempt:ident(&$this:ident $(, $arg:ident: $T:ty)* $(,)?) -> $Out:ty $body:block
    )*) => {$(
        $(#[$meta])*
        #[track_caller]
        pub fn $name(&$this $(, $arg: $T)*) -> $Out {
            match $this.$attempt($($arg),*) {
                Ok(made) => made,
                Err(error) => panic!("{error}"),
            }
        }
        #[doc = concat!("[`", stringify!($name), "`](Self::", stringify!($name), "), with an error in place of a panic.")]
        ///
        /// # Errors
        /// Where the other panics.
        #[track_caller]
        pub fn $attempt(&$this $(, $arg: $T)*) -> $crate::Result<$Out> $body
    )*};
}
pub(crate) use fallible;

/// The same for functions without `self`.
macro_rules! fallible_fn {
    ($(
        $(#[$meta:meta])*
        pub fn $name:ident / $attempt:ident($($arg:ident: $T:ty),* $(,)?) -> $Out:ty $body:block
    )*) => {$(
        $(#[$meta])*
        #[track_caller]
        pub fn $name($($arg: $T),*) -> $Out {
            match Self::$attempt($($arg),*) {
                Ok(made) => made,
                Err(error) => panic!("{error}"),
            }
        }
        #[doc = concat!("[`", stringify!($name), "`](Self::", stringify!($name), "), with an error in place of a panic.")]
        ///
        /// # Errors
        /// Where the other panics.
        #[track_caller]
        pub fn $attempt($($arg: $T),*) -> $crate::Result<$Out> $body
    )*};
}
pub(crate) use fallible_fn;
