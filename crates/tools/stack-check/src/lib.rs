//! What the check program and the tests of the stack share: rendering the overlays of
//! `deploy/kubernetes` ([`overlays`], [`render`]), and the Go program in `upstream` ([`upstream()`]),
//! which consists of the code of the programs that read the files.

mod kustomize;
mod unavailable;
mod upstream;
mod workshop;

pub use kustomize::{overlays, render};
pub use unavailable::Unavailable;
pub use upstream::upstream;
pub use workshop::workshop;
