//! What goes wrong in a run, and when.

use super::dice::Dice;

/// The ways to break the core on purpose. A simulation that does not notice them proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Nothing is woken at start.
    SleepsThroughStart,
    /// A command that comes again is taken for a new one.
    ForgetsCommands,
    /// An outcome is recorded before the work is done.
    RecordsBeforeDoing,
    /// Work is done before its begin is appended.
    DoesBeforeBeginning,
    /// Snapshots are made of what lives, durable or not, and believed without a look at the log.
    SnapshotsAhead,
    /// Snapshots do not hold the commands that were answered.
    SnapshotsForgetCommands,
    /// A subscription begins behind the end of what was read before it: what came in between is in neither.
    SubscribesTooLate,
    /// A read model that fell behind goes on at the end of the log.
    ListsSkip,
}

/// How a life of the server ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process is killed: what is written survives.
    Kill,
    /// The power is cut: what is not durable is gone.
    PowerCut,
}

/// When the server crashes: at one of the moments that [`super::world::World::moment`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crashes {
    Never,
    At {
        moment: u64,
        crash: Crash,
    },
    /// Each moment may be one, by the seed.
    Random,
}

/// The faults of a run.
#[derive(Debug, Clone)]
pub struct Faults {
    pub crashes: Crashes,
    /// Whether smaller things go wrong too: a full disk, lost actors, slow work, answers that come twice or never, a jumping clock,
    /// readers that lose their connection, snapshots and lists that are damaged, lost or old.
    pub troubles: bool,
    pub broken: Option<Broken>,
    /// Decides about faults only, so that a run up to its first fault is the clean run.
    dice: Dice,
    /// How often work may still be cut off: a piece of work that is begun more than five times is given up by its entity, and
    /// the end would not be that of the clean run.
    cuts: u32,
    /// How many of the smaller things may still happen, so that every run ends.
    rest: u32,
}

impl Faults {
    pub fn none() -> Self {
        Self { crashes: Crashes::Never, troubles: false, broken: None, dice: Dice::new(0), cuts: 4, rest: 90 }
    }

    pub fn one(moment: u64, crash: Crash) -> Self {
        Self { crashes: Crashes::At { moment, crash }, ..Self::none() }
    }

    pub fn random(seed: u64) -> Self {
        Self { crashes: Crashes::Random, troubles: true, dice: Dice::new(!seed), ..Self::none() }
    }

    pub fn broken(self, broken: Broken) -> Self {
        Self { broken: Some(broken), ..self }
    }

    pub fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    /// Whether the server crashes at this moment.
    pub fn crashes_at(&mut self, moment: u64) -> Option<Crash> {
        match self.crashes {
            Crashes::Never => None,
            Crashes::At { moment: at, crash } => (at == moment).then_some(crash),
            Crashes::Random => self.cuts_one_in(25).then(|| self.dice.pick(&[Crash::Kill, Crash::PowerCut])),
        }
    }

    /// Whether a fault happens, once in `n` times, that may cut work off.
    pub fn cuts_one_in(&mut self, n: usize) -> bool {
        let happens = self.crashes == Crashes::Random && self.cuts > 0 && self.dice.one_in(n);
        self.cuts -= u32::from(happens);
        happens
    }

    /// Whether a smaller fault happens, once in `n` times.
    pub fn happens_one_in(&mut self, n: usize) -> bool {
        let happens = self.troubles && self.rest > 0 && self.dice.one_in(n);
        self.rest -= u32::from(happens);
        happens
    }

    /// A number below `n`, for the size of a fault.
    pub fn size(&mut self, n: usize) -> usize {
        self.dice.below(n)
    }
}
