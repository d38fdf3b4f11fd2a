//! How fast the server is, from outside: it is started as a process, spoken to over HTTP and its socket, killed, and measured.
//!
//! `cargo bench --bench server` prints a table, with what is to be reached, and writes it as JSON into the target folder.
//! `cargo bench --bench server -- NAME…` measures only the parts of those names: `fold`, `start`, `stream`, `sockets`, `idle`, `runs`.

mod fold;
mod idle;
mod many;
mod process;
mod provider;
mod runs;
mod sockets;
mod start;
mod stream;
mod table;

use table::Table;

fn main() {
    reenact::models::install_crypto();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let measures = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let mut table = Table::begin();
    if measures("fold") {
        fold::measure(&mut table);
    }
    runtime.block_on(async {
        if measures("start") {
            start::measure(&mut table).await;
        }
        if measures("runs") {
            runs::measure(&mut table).await;
        }
        if measures("idle") {
            idle::measure(&mut table).await;
        }
        if measures("stream") {
            stream::measure(&mut table).await;
        }
        if measures("sockets") {
            sockets::measure(&mut table).await;
        }
    });
    table.write();
}
