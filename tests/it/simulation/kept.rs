//! Seeds that once found something, so that nobody has to find it again: they run before all others, each time.
//!
//! A seed stands for its run only as long as script, scheduler and faults draw the same dice. Whoever changes what they draw
//! renews all seeds: then what a kept seed found needs a test of its own, or a core that is broken in that way
//! ([`super::Broken`]) which the seeds find out, and the seed may go.

/// A seed that found something.
pub struct Kept {
    /// The story that it was run with.
    pub story: &'static str,
    /// The seed.
    pub seed: u64,
    /// What it found.
    pub found: &'static str,
}

pub const KEPT: &[Kept] = &[Kept {
    story: "jobs",
    seed: 83,
    found: "work went on after a failed disk had taken back one of its notes, and its end was accepted without it",
}];

/// The seeds that are kept for a story.
pub fn of(story: &str) -> impl Iterator<Item = u64> {
    KEPT.iter().filter(move |kept| kept.story == story).map(|kept| kept.seed)
}
