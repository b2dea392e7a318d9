//! The frontend through HTTP, with stand-ins for all services behind it.

mod assets;
mod browser;
mod clocks;
mod hostile;
mod links;
mod neighbours;
mod openapi;
mod server;
mod shapes;
mod sign_in;
mod stop;
mod trace;
mod usage;
