//! The log in files: a folder of append-only segments.

pub(crate) mod format;
