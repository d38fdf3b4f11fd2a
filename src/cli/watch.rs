//! `reenact watch`: follows a stream; a chat and a run are told as stories, everything else as events.

use clap::Args;
use replay::ids::{Revision, StreamId};

use super::{
    client::Client,
    connect::{Connection, Purpose, there},
    exit::{Ended, Exit},
    log::{event_line, known},
    run::{end, seen},
    run_story::RunStory,
    screen::{Screen, Tone, json_line},
    settings::Loaded,
    socket::{Following, Said},
    story::Story,
};

/// Follows a stream until you press Ctrl-C: a chat and a run of a workflow as stories, everything else as events.
#[derive(Debug, Args)]
#[command(after_help = "\
A server that goes away is waited for, and nothing is told twice. Watching a run ends with the run, and says what came of it;
Ctrl-C leaves it to itself.

Examples:
  reenact watch chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c
  reenact watch run/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c
  reenact watch system/host --json")]
pub struct Arguments {
    /// The stream, as chat/0198f3c2-7c6e-7a51-9d3e-0f8a6f1f2b3c.
    stream: StreamId,
    /// The first revision to show.
    #[arg(long, value_name = "REVISION", default_value_t = Revision::ZERO, allow_negative_numbers = true)]
    from: Revision,
}

/// Follows it.
pub async fn run(arguments: &Arguments, loaded: &Loaded, json: bool) -> Ended {
    there(loaded)?;
    let connection = Connection::open(loaded, Purpose::Act).await?;
    let Arguments { stream, from } = arguments;
    let ended = tokio::select! {
        ended = follow(&connection.client, stream, *from, json) => ended,
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
    };
    connection.close().await?;
    ended
}

/// Follows a stream that is there from a revision on; ends with a run that is over, else only by an error.
pub async fn follow(client: &Client, stream: &StreamId, from: Revision, json: bool) -> Ended {
    known(client, stream).await?;
    let mut following = Following::start(client, stream, from.before()).await?;
    let mut story = Story::new(true);
    let mut run = RunStory::new(stream, json);
    let mut screen = Screen::new();
    let is_run = stream.kind() == "run";
    loop {
        let said = if is_run { run.next(&mut following).await? } else { following.next().await? };
        let Said::Event(event) = said else { continue };
        if json {
            json_line(&event)?;
        }
        if is_run && let Some(of_run) = event.run() {
            if run.hear(&of_run, event.at())? {
                if !json {
                    end(client, stream, seen(client, stream).await?, false).await?;
                }
                return Ok(Exit::Done);
            }
        } else if json {
            // Told above.
        } else if stream.kind() == "chat"
            && let Some(chat_event) = event.chat()
        {
            story.tell(&chat_event, event.at())?;
        } else {
            screen.line(Tone::Plain, &event_line(&event))?;
        }
    }
}
