//! The fleet as real processes: the API, and the loss of workers.

mod command;
mod crowd;
mod drive;
mod faults;
mod input;
mod life;
mod loss;
mod metrics;
mod openapi;
mod queue;
mod support;
mod traces;
