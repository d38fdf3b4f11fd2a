//! Tickets that sign a browser in once: others on the machine can read the address that a program is started with, and a key in
//! it would be good for ever.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::keyring::{hash, hex};

/// How long a browser may take to start.
const LIFE: Duration = Duration::from_mins(1);

/// The tickets that are good. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tickets(Arc<Mutex<Vec<Ticket>>>);

#[derive(Debug)]
struct Ticket {
    sha256: String,
    until: Instant,
}

impl Tickets {
    /// A fresh one: whoever opens `/?ticket=…` within a minute, first, is signed in with the data folder's own key.
    pub fn issue(&self) -> String {
        let ticket = hex(&rand::random::<[u8; 32]>());
        self.0.lock().push(Ticket { sha256: hash(&ticket), until: Instant::now() + LIFE });
        ticket
    }

    /// Whether it is good; it is not any more afterwards.
    pub(super) fn take(&self, ticket: &str) -> bool {
        // The hashes are compared, so that time tells nothing about a ticket.
        let sha256 = hash(ticket);
        let mut tickets = self.0.lock();
        tickets.retain(|ticket| ticket.until > Instant::now());
        let before = tickets.len();
        tickets.retain(|ticket| ticket.sha256 != sha256);
        tickets.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once() {
        let tickets = Tickets::default();
        let (first, second) = (tickets.issue(), tickets.issue());
        assert!(tickets.take(&first) && !tickets.take(&first) && tickets.take(&second));
        assert!(!tickets.take("") && !tickets.take("guessed"));
    }

    #[test]
    fn a_ticket_is_not_good_for_long() {
        let tickets = Tickets::default();
        let ticket = tickets.issue();
        tickets.0.lock()[0].until = Instant::now();
        assert!(!tickets.take(&ticket));
    }
}
