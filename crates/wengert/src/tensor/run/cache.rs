//! Plans, kept by the structure that they are of.

use super::canonical::Form;
use super::plan::{Plan, plan};
use crate::error::Result;
use crate::list::Map;
use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most plans that are kept, and about the most bytes that their structures take.
const PLANS: usize = 512;
const BYTES: usize = 64 << 20;

/// What became of the structures that this thread evaluated, and the plans that all threads keep.
///
/// ```
/// use wengert::tensor::{Tensor, statistics};
/// let before = statistics();
/// for rate in [0.1, 0.2, 0.3] {
///     (Tensor::from([1.0, 2.0]) * rate).eval();
/// }
/// let after = statistics();
/// assert_eq!(after.plans + after.hits - before.plans - before.hits, 3);
/// assert!(after.plans - before.plans <= 1); // a number that changes makes no other plan
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// How often this thread made a plan.
    pub plans: u64,
    /// How often it found one.
    pub hits: u64,
    /// How many are kept.
    pub kept: usize,
    /// About how many bytes those take.
    pub bytes: usize,
}

thread_local! {
    /// How often this thread made a plan, and how often it found one.
    static COUNTS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

#[derive(Default)]
struct Cache {
    plans: Map<u64, Vec<Kept>>,
    kept: usize,
    bytes: usize,
    /// How often anything was asked for.
    now: u64,
}

struct Kept {
    plan: Arc<Plan>,
    bytes: usize,
    used: u64,
}

static CACHE: Mutex<Option<Cache>> = Mutex::new(None);

fn cache() -> MutexGuard<'static, Option<Cache>> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many plans this thread made and found, and how many are kept.
pub fn statistics() -> Statistics {
    let (plans, hits) = COUNTS.get();
    let (kept, bytes) = cache().as_ref().map_or((0, 0), |cache| (cache.kept, cache.bytes));
    Statistics { plans, hits, kept, bytes }
}

/// The plan of a form: one that was made of the same, if it is kept.
///
/// # Errors
/// If the vm is told to run with an instruction set that there is not.
pub(super) fn plan_of(form: Form) -> Result<Arc<Plan>> {
    let (plans, hits) = COUNTS.get();
    if let Some(plan) = cache().get_or_insert_default().find(&form) {
        COUNTS.set((plans, hits + 1));
        return Ok(plan);
    }
    COUNTS.set((plans + 1, hits));
    let plan = Arc::new(plan(form)?);
    cache().get_or_insert_default().keep(plan.clone());
    Ok(plan)
}

impl Cache {
    fn find(&mut self, form: &Form) -> Option<Arc<Plan>> {
        self.now += 1;
        // A hash is never trusted: all of the form is compared.
        let kept = self.plans.get_mut(&form.digest)?.iter_mut().find(|kept| kept.plan.form.is(form))?;
        kept.used = self.now;
        Some(kept.plan.clone())
    }

    fn keep(&mut self, plan: Arc<Plan>) {
        let bytes = plan.bytes();
        if bytes > BYTES / 4
            || self.plans.get(&plan.form.digest).is_some_and(|all| all.iter().any(|kept| kept.plan.form.is(&plan.form)))
        {
            return;
        }
        self.plans.entry(plan.form.digest).or_default().push(Kept { plan, bytes, used: self.now });
        self.kept += 1;
        self.bytes += bytes;
        if self.kept > PLANS || self.bytes > BYTES {
            self.forget();
        }
    }

    /// Forgets those plans that were not used for the longest time: half of all.
    fn forget(&mut self) {
        let mut used: Vec<u64> = self.plans.values().flatten().map(|kept| kept.used).collect();
        used.sort_unstable();
        let since = used[used.len() / 2];
        self.plans.values_mut().for_each(|all| all.retain(|kept| kept.used >= since));
        self.plans.retain(|_, all| !all.is_empty());
        self.kept = self.plans.values().map(Vec::len).sum();
        self.bytes = self.plans.values().flatten().map(|kept| kept.bytes).sum();
    }
}
