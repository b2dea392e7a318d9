//! The pipeline against a collector that answers as each test wants, without a service: spans and
//! lines are made here, and each test has a pipeline of its own.

mod answers;
mod collector;
mod lines;
mod outages;
mod requests;
mod shown;
mod spans;
mod support;
