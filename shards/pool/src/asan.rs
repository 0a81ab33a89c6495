//! Tells AddressSanitizer which blocks are free. Does nothing in an ordinary build.
//!
//! A pool is an allocator of its own, so the sanitizer cannot see a use after free inside it unless it is told.
//! `scripts/asan` sets `--cfg megaphone_asan` together with `-Zsanitizer=address`.

// SAFETY: these are the names and types of the sanitizer's own interface, which such a build links.
#[cfg(megaphone_asan)]
unsafe extern "C" {
    fn __asan_poison_memory_region(addr: *const core::ffi::c_void, size: usize);
    fn __asan_unpoison_memory_region(addr: *const core::ffi::c_void, size: usize);
    #[cfg(test)]
    fn __asan_address_is_poisoned(addr: *const core::ffi::c_void) -> core::ffi::c_int;
}

/// Marks memory as not to be touched.
#[inline]
pub(crate) fn poison(_at: *const u8, _bytes: usize) {
    #[cfg(megaphone_asan)]
    // SAFETY: only the sanitizer's shadow of this range changes; callers pass ranges of their own mapping.
    unsafe {
        __asan_poison_memory_region(_at.cast(), _bytes);
    }
}

/// Marks memory as usable again.
#[inline]
pub(crate) fn unpoison(_at: *const u8, _bytes: usize) {
    #[cfg(megaphone_asan)]
    // SAFETY: as above.
    unsafe {
        __asan_unpoison_memory_region(_at.cast(), _bytes);
    }
}

/// Whether the sanitizer would object to a look at this byte.
#[cfg(all(test, megaphone_asan))]
pub(crate) fn is_poisoned(at: *const u8) -> bool {
    // SAFETY: asks the sanitizer about its shadow; the byte itself is not touched.
    unsafe { __asan_address_is_poisoned(at.cast()) != 0 }
}
