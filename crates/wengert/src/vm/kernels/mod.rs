//! What single instructions do that is more than one operation on each lane.

pub(super) mod careful;
pub(super) mod chain;
pub(super) mod columns;
pub(super) mod dot;
pub(super) mod reduce;
pub(super) mod rows;
pub(super) mod steps;
pub(super) mod stream;
