//! The allocator of every program that serves, in the image.
//!
//! The image's programs are static and linked against musl, whose allocator takes a lock for each
//! call. With glibc, jemalloc gains nothing. docs/decisions/request.md has the numbers, and
//! `.cargo/config.toml` jemalloc's configuration.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
