//! Following one list for one socket: its rows, then what changes, each row as it is when it is sent.

use replay::ids::Position;

use super::{
    app::Shared,
    frames::ServerFrame,
    subscriptions::{Closed, Outlet},
};
use crate::projections::Filter;

/// Follows a list until the socket is closed.
pub async fn follow(shared: &Shared, sub: u64, filter: Filter, out: &mut impl Outlet) -> Result<(), Closed> {
    let lists = &shared.app.lists;
    // Before the rows are read: a change between is told again, never left out.
    let mut progress = lists.progress();
    progress.mark_unchanged();
    let (mut from, mut rebuilding) = rows(shared, sub, &filter, out).await?;
    while progress.changed().await.is_ok() {
        if lists.are_rebuilding() != rebuilding {
            // Rows that are made anew may be fewer: what a client has gives way to what there is.
            (from, rebuilding) = rows(shared, sub, &filter, out).await?;
            continue;
        }
        let (next, changes) = lists.changes(&filter, from);
        from = next;
        for change in changes {
            let position = change.position;
            let frame = match change.row {
                Ok(row) => ServerFrame::Row { sub, position, row: Box::new(row) },
                Err(stream) => ServerFrame::Gone { sub, position, stream },
            };
            out.send(&frame).await?;
        }
    }
    Ok(())
}

/// Sends all rows: from which position on changes are to be told, and whether the rows are being made anew.
async fn rows(shared: &Shared, sub: u64, filter: &Filter, out: &mut impl Outlet) -> Result<(Position, bool), Closed> {
    let lists = &shared.app.lists;
    let rebuilding = lists.are_rebuilding();
    let (position, rows) = lists.rows(filter);
    out.send(&ServerFrame::Rows { sub, position, rows, rebuilding }).await?;
    out.send(&ServerFrame::Live { sub }).await?;
    Ok((position, rebuilding))
}
