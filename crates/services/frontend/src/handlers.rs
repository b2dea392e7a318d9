//! One handler for each request. None decides what its answer looks like: that is `render`'s.

pub(crate) mod dice;
pub(crate) mod form;
pub(crate) mod home;
pub(crate) mod roll;
pub(crate) mod sign_in;
pub(crate) mod trace;
