//! Counts sockets, what is followed over them, and the frames that go out.

use actix_web::web;
use actix_ws::Session;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::api::{
    app::Shared,
    frames::ServerFrame,
    subscriptions::{Closed, Outlet},
};

/// The counters.
pub struct Sockets {
    open: Gauge,
    opened: Counter,
    subscriptions: Family<Of, Gauge>,
    frames: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    of: &'static str,
}

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// A stream.
    Stream,
    /// A list.
    List,
    /// Files.
    Files,
}

/// Something counted for as long as this lives.
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Sockets {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let sockets = Self {
            open: Gauge::default(),
            opened: Counter::default(),
            subscriptions: Family::default(),
            frames: Counter::default(),
        };
        registry.register("sockets", "Sockets that are open", sockets.open.clone());
        registry.register("sockets_opened", "Sockets that were opened", sockets.opened.clone());
        registry.register("subscriptions", "Streams, lists and files that are followed", sockets.subscriptions.clone());
        registry.register("frames_sent", "Frames sent over sockets", sockets.frames.clone());
        sockets
    }

    /// A socket was opened.
    pub fn open(&self) -> Counted {
        self.opened.inc();
        Counted::new(self.open.clone())
    }

    /// Something is followed.
    pub fn follow(&self, what: Followed) -> Counted {
        let of = match what {
            Followed::Stream => "stream",
            Followed::List => "list",
            Followed::Files => "files",
        };
        Counted::new(self.subscriptions.get_or_create_owned(&Of { of }))
    }
}

/// Where the frames of one socket go out, counted.
#[derive(Clone)]
pub struct Outgoing {
    /// The socket.
    pub session: Session,
    /// Where they are counted.
    pub shared: web::Data<Shared>,
}

impl Outlet for Outgoing {
    async fn send(&mut self, frame: &ServerFrame) -> Result<(), Closed> {
        let metrics = &self.shared.metrics;
        metrics.sockets.frames.inc();
        if let ServerFrame::Error { code, .. } | ServerFrame::Rejected { code, .. } = frame {
            metrics.problem(code);
        }
        self.session.text(frame.text()).await.map_err(|_| Closed)
    }
}
