//! One handler for each request. `render` decides the form of every answer.

pub(crate) mod dice;
pub(crate) mod form;
pub(crate) mod home;
pub(crate) mod roll;
pub(crate) mod sign_in;
pub(crate) mod trace;
