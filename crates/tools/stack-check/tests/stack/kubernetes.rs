//! deploy/kubernetes agrees with docker-compose.yml, with the stages, and with itself.
//!
//! * [`rendered`]: the documents of every overlay, and the parts of them that many tests need.
//! * [`agreement`]: programs, images, variables, ports, probes and limits are those of compose.
//! * [`stages`]: each overlay runs what its stage has.
//! * [`security`]: the Pod Security Standard "restricted", and what must never be there.
//! * [`networks`]: the network policies allow what the networks of compose allow.
//! * [`names`]: what one document refers to exists in another, and documents can be applied.
//! * [`config`]: configuration is mounted from the files of the stack, and no file exists twice.
//! * [`targets`]: both ways of finding pods give their series the labels of compose.

mod agreement;
mod config;
mod names;
mod networks;
mod rendered;
mod security;
mod stages;
mod targets;
