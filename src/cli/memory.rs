//! How memory is asked for and given back; no figures and no limits (`--memory-limit` is `plan`'s).
//!
//! A night's tables, indexes and columns are blocks of megabytes that are looked into at random. In pages of four kilobytes they
//! took two fifths of a night's page faults: Linux is asked to hold them in huge pages where it has some at hand, which took a
//! fifteenth off the time of a first night of ten million rows.
//!
//! What is freed goes back to the system at once; left to itself glibc keeps blocks of up to 32 MiB in its heaps once one was
//! freed, and columns of that size come and go: a fifth of a large run's memory was such leftovers. Small blocks at the end of a heap are kept for the next ones, up to a limit: given back
//! after every chunk of a file, each page was fetched from the system a hundred times.
//!
//! Other systems' allocators are left as they are.

use std::alloc::{GlobalAlloc, Layout, System};

/// Blocks from here on are mapped and unmapped one by one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: std::ffi::c_int = 1 << 20;

/// So much may lie unused at the end of a heap; glibc's own limit is 128 KiB once the one above is set.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const UNUSED: std::ffi::c_int = 16 << 20;

/// Call before other threads allocate.
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

/// The system's allocator, with large blocks in huge pages.
struct HugePages;

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

// SAFETY: every call is the system allocator's own; what is asked about a block's pages changes nothing in them.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        in_huge_pages(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        in_huge_pages(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        in_huge_pages(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

/// The same block. Asks for huge pages where the block can hold one.
#[inline]
fn in_huge_pages(block: *mut u8, size: usize) -> *mut u8 {
    #[cfg(target_os = "linux")]
    if size >= HUGE && !block.is_null() {
        ask_for_huge_pages(block, size);
    }
    block
}

/// A huge page of x86 and most ARM machines: Linux puts blocks of that size where one begins.
#[cfg(target_os = "linux")]
const HUGE: usize = 2 << 20;

#[cfg(target_os = "linux")]
#[cold]
fn ask_for_huge_pages(block: *mut u8, size: usize) {
    const PAGE: usize = 4 << 10;
    // All pages that hold a part of it. Were the first or the last one left out, the block would lie in two mappings, which cannot be
    // moved as one when it grows: it would be copied instead.
    let before = block.addr() % PAGE;
    let pages = (before + size).next_multiple_of(PAGE);
    // SAFETY: pages of a block that was just handed out, and how they are held is no change in them. A kernel without huge
    // pages, or with larger ones, refuses, and nothing is lost.
    let _ = unsafe { rustix::mm::madvise(block.sub(before).cast(), pages, rustix::mm::Advice::LinuxHugepage) };
}
