//! Time that is this process's own: long runs on a machine that others use too are timed by it.

use std::time::Instant;

/// `struct timespec` of 64-bit Linux.
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// The clock of the time that all threads of the process were run.
const PROCESS: i32 = 2;

/// When something began.
pub struct Start {
    wall: Instant,
    processor: f64,
}

impl Start {
    /// Now.
    pub fn now() -> Start {
        Start { wall: Instant::now(), processor: processor() }
    }

    /// Seconds on the clock since then.
    pub fn clock(&self) -> f64 {
        self.wall.elapsed().as_secs_f64()
    }

    /// Seconds that all threads of the process ran since then.
    pub fn processor(&self) -> f64 {
        processor() - self.processor
    }

    /// Seconds since then: on the clock, or those in which the process ran, whichever are fewer.
    pub fn seconds(&self) -> f64 {
        self.clock().min(self.processor())
    }
}

fn processor() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the function of the C library, which std links, writes two numbers there.
    let done = unsafe { clock_gettime(PROCESS, &raw mut time) };
    if done == 0 { time.seconds as f64 + time.nanoseconds as f64 * 1e-9 } else { f64::INFINITY }
}
