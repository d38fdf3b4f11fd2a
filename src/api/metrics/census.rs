//! What is read when somebody asks for numbers: the log, who is awake, what runs, how far the lists are, the process.

use std::{collections::BTreeSet, fmt};

use parking_lot::Mutex;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelValue, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};
use replay::figures::{Figures, Spread};

use super::process::Process;
use crate::{
    api::app::App,
    entities::Kind,
    host::{Host, Place},
    projections::Lists,
};

/// What is looked at.
pub(super) struct Census {
    host: Host,
    lists: Lists,
    /// Where work was seen before: it is told to be 0 there, and not to be missing.
    places: Mutex<BTreeSet<Place>>,
}

impl Census {
    pub fn new(app: &App) -> Self {
        Self { host: app.host.clone(), lists: app.lists.clone(), places: Mutex::default() }
    }
}

impl fmt::Debug for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Census").finish_non_exhaustive()
    }
}

impl Collector for Census {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        self.log(&mut out)?;
        self.entities(&mut out)?;
        self.work(&mut out)?;
        self.derived(&mut out)?;
        match Process::look() {
            Some(process) => process_numbers(&mut out, &process),
            None => Ok(()),
        }
    }
}

impl Census {
    fn log(&self, out: &mut Out<'_>) -> fmt::Result {
        let log = self.host.log();
        let Figures { appends, events, written_bytes, syncs, failures, segments, size_bytes } = log.figures();
        out.gauge("reenact_log_head", "How many events the log holds", None, &log.head().0)?;
        out.counter("reenact_log_appends", "Appends that became durable", None, appends)?;
        out.counter("reenact_log_events", "Events that became durable", None, events)?;
        out.counter("reenact_log_written", "Bytes written to the log", Some(&Unit::Bytes), written_bytes)?;
        out.counter("reenact_log_failures", "Writes and syncs that failed", None, failures)?;
        out.gauge("reenact_log_segments", "Segments of the log", None, &segments)?;
        out.gauge("reenact_log_size", "What the segments take on the disk", Some(&Unit::Bytes), &size_bytes)?;
        out.spread("reenact_log_sync_duration", "How long it took to make writes durable", &syncs)
    }

    fn entities(&self, out: &mut Out<'_>) -> fmt::Result {
        let awake = self.host.awake();
        let of = |kind: &Kind| ([("kind", kind.name())], awake.get(kind.name()).copied().unwrap_or(0));
        let rows: Vec<_> = Kind::ALL.iter().map(of).collect();
        out.gauges("reenact_entities_awake", "Entities in memory", &rows)?;
        out.gauge("reenact_entities_quarantined", "Streams out of service", None, &self.host.quarantined())
    }

    fn work(&self, out: &mut Out<'_>) -> fmt::Result {
        let load = self.host.load();
        let mut places = self.places.lock();
        places.extend(load.keys().cloned());
        let of = |place: &Place, state, count| {
            ([("lane", place.lane.to_string()), ("kind", place.kind.clone()), ("state", String::from(state))], count)
        };
        let rows: Vec<_> = places
            .iter()
            .flat_map(|place| {
                let load = load.get(place).copied().unwrap_or_default();
                [of(place, "waiting", load.waiting), of(place, "running", load.running)]
            })
            .collect();
        out.gauges("reenact_effects", "Work that waits for its lane, and work that runs", &rows)
    }

    fn derived(&self, out: &mut Out<'_>) -> fmt::Result {
        let head = self.host.log().head().0;
        let lag = head.saturating_sub(self.lists.progress().borrow().position.0);
        let troubles =
            [([("part", "lists")], self.lists.troubles().len()), ([("part", "log")], self.host.log().troubles().len())];
        out.gauge("reenact_lists_lag_events", "How many events the lists are behind the log", None, &lag)?;
        out.gauges("reenact_troubles", "What /health says is wrong", &troubles)
    }
}

fn process_numbers(out: &mut Out<'_>, process: &Process) -> fmt::Result {
    let Process { cpu_seconds, started_at, resident_bytes, threads, open_files, most_files } = *process;
    out.counter("process_cpu", "Time of the processor used", Some(&Unit::Seconds), cpu_seconds)?;
    out.gauge("process_start_time", "When the process was started, since 1970", Some(&Unit::Seconds), &started_at)?;
    out.gauge("process_resident_memory", "Memory held", Some(&Unit::Bytes), &resident_bytes)?;
    out.gauge("process_threads", "Threads", None, &threads)?;
    out.gauge("process_open_fds", "Open files and sockets", None, &open_files)?;
    match most_files {
        Some(most) => out.gauge("process_max_fds", "How many files and sockets may be open", None, &most),
        None => Ok(()),
    }
}

/// Where numbers go.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: &impl EncodeGaugeValue) -> fmt::Result {
        self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?.encode_gauge(value)
    }

    /// One family of gauges, by their labels.
    fn gauges<const N: usize, V>(&mut self, name: &str, help: &str, rows: &[([(&str, V); N], usize)]) -> fmt::Result
    where
        V: EncodeLabelValue,
    {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        rows.iter().try_for_each(|(labels, value)| family.encode_family(labels)?.encode_gauge(value))
    }

    fn counter<V: EncodeCounterValue>(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: V) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, unit, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    fn spread(&mut self, name: &str, help: &str, spread: &Spread) -> fmt::Result {
        let seconds = |us: u64| std::time::Duration::from_micros(us).as_secs_f64();
        let buckets: Vec<(f64, u64)> = spread
            .counts
            .iter()
            .map(|(limit, count)| (if *limit == u64::MAX { f64::INFINITY } else { seconds(*limit) }, *count))
            .collect();
        // A log that keeps no numbers has no buckets, and a histogram has at least one.
        let buckets = if buckets.is_empty() { vec![(f64::INFINITY, 0)] } else { buckets };
        let count = buckets.iter().map(|(_, count)| count).sum();
        let mut encoder = self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        encoder.encode_histogram::<NoLabelSet>(seconds(spread.sum_us), count, &buckets, None)
    }
}
