//! A system clock that is ahead, for processes that are started with this library in `LD_PRELOAD`.
//!
//! It answers the C library's questions for the wall clock in its place: what the kernel says, and so many
//! seconds more as the file says that `STANDFAST_DRILL_CLOCK` names. Clocks that only ever measure how long
//! something takes are the kernel's. The file holds one 64-bit number of the machine's byte order; it is mapped
//! once, so that changing it moves the clock of a process that runs. Without the file nothing is ahead.
//!
//! This is the one place of the project with `unsafe`: a function that the C library calls by its name cannot be
//! written without, and nothing but a process's own C library stands between a deployed binary and its clock. It
//! is built by the drill's build script, is part of no other crate and is never deployed. What has to hold for
//! each `unsafe` stands beside it.

#![no_std]

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI64, AtomicPtr, Ordering};

const FILE: &core::ffi::CStr = c"STANDFAST_DRILL_CLOCK";
const REALTIME: c_int = 0;
const REALTIME_COARSE: c_int = 5;
const TAI: c_int = 11;
#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: c_long = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: c_long = 113;
const READ_ONLY: c_int = 0;
const CLOSE_ON_EXEC: c_int = 0o2_000_000;
const PROTECT_READ: c_int = 1;
const MAP_SHARED: c_int = 1;
const MAP_FAILED: usize = usize::MAX;

/// The kernel's `timespec` on 64-bit Linux, whose two fields are as wide as the C library's.
#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

/// The C library's `timeval` on 64-bit Linux.
#[repr(C)]
pub struct Timeval {
    seconds: i64,
    microseconds: i64,
}

// SAFETY: these are the C library's own, as its manual pages declare them for 64-bit Linux.
unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn getenv(name: *const c_char) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(file: c_int) -> c_int;
    fn mmap(
        at: *mut c_void,
        bytes: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        from: i64,
    ) -> *mut c_void;
}

/// Stands in for the file while there is none.
static NOT_AHEAD: AtomicI64 = AtomicI64::new(0);
static AHEAD: AtomicPtr<AtomicI64> = AtomicPtr::new(null_mut());

/// Seconds that the wall clock is ahead.
fn ahead_s() -> i64 {
    let mut ahead = AHEAD.load(Ordering::Acquire);
    if ahead.is_null() {
        ahead = map().unwrap_or((&raw const NOT_AHEAD).cast_mut());
        // Two threads may both map the file: they map the same one, and one mapping is left unused.
        AHEAD.store(ahead, Ordering::Release);
    }
    // SAFETY: it is `NOT_AHEAD`, or a mapping of at least one page that is never unmapped; both are aligned to
    // eight bytes, and others write them as whole atomic numbers only.
    unsafe { (*ahead).load(Ordering::Relaxed) }
}

/// The file's number, if there is a file.
fn map() -> Option<*mut AtomicI64> {
    // SAFETY: the name ends in a zero byte. The answer is used before anything could change the environment:
    // the programs that this is loaded into never do.
    let path = unsafe { getenv(FILE.as_ptr()) };
    if path.is_null() {
        return None;
    }
    // SAFETY: the path is a string of the environment, and ends in a zero byte.
    let file = unsafe { open(path, READ_ONLY | CLOSE_ON_EXEC) };
    if file < 0 {
        return None;
    }
    // SAFETY: the kernel chooses where, so that no memory of the process is replaced. The drill writes the file
    // whole before it starts any process, and never shortens it.
    let mapped = unsafe { mmap(null_mut(), 8, PROTECT_READ, MAP_SHARED, file, 0) };
    // SAFETY: the file was opened above and is used no more; its mapping stays.
    unsafe { close(file) };
    if mapped as usize == MAP_FAILED { None } else { Some(mapped.cast()) }
}

/// As the C library's function of this name.
///
/// # Safety
/// `time` is null or points at a `timespec` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    // SAFETY: the kernel writes `time`, which the caller vouches for, or refuses a bad address.
    let status = unsafe { syscall(CLOCK_GETTIME, clock as c_long, time) };
    if status == 0 && !time.is_null() && matches!(clock, REALTIME | REALTIME_COARSE | TAI) {
        // SAFETY: the kernel has just written it.
        unsafe { (*time).seconds = (*time).seconds.wrapping_add(ahead_s()) };
    }
    if status == 0 { 0 } else { -1 }
}

/// As the C library's function of this name; a time zone is never asked for by anybody.
///
/// # Safety
/// `time` is null or points at a `timeval` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut Timeval, _zone: *mut c_void) -> c_int {
    let mut now = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: `now` is a `timespec` of our own.
    let status = unsafe { clock_gettime(REALTIME, &raw mut now) };
    if status == 0 && !time.is_null() {
        // SAFETY: the caller vouches for it.
        unsafe { time.write(Timeval { seconds: now.seconds, microseconds: now.nanoseconds / 1000 }) };
    }
    status
}

/// As the C library's function of this name.
///
/// # Safety
/// `time` is null or points at a `time_t` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(time: *mut i64) -> i64 {
    let mut now = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: `now` is a `timespec` of our own.
    if unsafe { clock_gettime(REALTIME, &raw mut now) } != 0 {
        return -1;
    }
    if !time.is_null() {
        // SAFETY: the caller vouches for it.
        unsafe { time.write(now.seconds) };
    }
    now.seconds
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Nothing above panics.
    loop {}
}
