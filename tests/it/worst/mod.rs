//! The server on its worst days: crowds, floods, dead readers, deep nesting, strange files, a full disk, endless providers.

mod crowd;
mod disk;
mod endless;
mod files;
mod nesting;
mod readers;
mod slow_bodies;
