//! The fleet as real processes: what the API says, and what happens when a worker dies.

mod command;
mod crowd;
mod drive;
mod input;
mod life;
mod loss;
mod metrics;
mod openapi;
mod queue;
mod support;
mod traces;
