//! Reenact, the product: the rooms that the binary is made of.

pub mod models;
