//! How the C library's allocator treats large blocks. What is freed goes back to the system at once; left to itself it
//! keeps blocks of up to 32 MiB in its heaps once one was freed, and a night's columns of that size come and go: a fifth of
//! a large run's memory was such leftovers. Small blocks at the end of a heap are kept for the next ones, up to a limit: given
//! back after every chunk of a file, each page was fetched from the system a hundred times.

/// Blocks from here on are mapped and unmapped one by one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: std::ffi::c_int = 1 << 20;

/// So much may lie unused at the end of a heap; glibc's own limit is 128 KiB once the one above is set.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const UNUSED: std::ffi::c_int = 16 << 20;

/// Call before other threads allocate. Other systems' allocators are left as they are.
pub(super) fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: std::ffi::c_int, value: std::ffi::c_int) -> std::ffi::c_int;
        }
        /// From `malloc.h`.
        const M_MMAP_THRESHOLD: std::ffi::c_int = -3;
        const M_TRIM_THRESHOLD: std::ffi::c_int = -1;
        // SAFETY: declared as in glibc's malloc.h; it sets thresholds and touches no block that was handed out.
        unsafe {
            mallopt(M_MMAP_THRESHOLD, LARGE);
            mallopt(M_TRIM_THRESHOLD, UNUSED);
        }
    }
}
