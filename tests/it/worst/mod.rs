//! The server on its worst days: crowds, floods, dead readers, deep nesting, strange files, a full disk,
//! endless providers, lost texts, tools that panic.

mod crowd;
mod disk;
mod endless;
mod files;
mod lost_texts;
mod nesting;
mod panics;
mod readers;
mod slow_bodies;
