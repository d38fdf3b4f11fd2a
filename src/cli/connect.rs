//! Finds the server that holds the data folder; where there is none, runs the same one inside this process.

use std::{
    fs, io,
    thread::{self, JoinHandle},
    time::Duration,
};

use replay::file::{Holder, holder};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use super::{
    client::Client,
    compose::{ComposeError, Listen, Running, compose},
    exit::Failure,
    settings::Loaded,
};

/// How long a server that is starting may take until it says where it listens.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// What a subcommand is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Look at what is there: a data folder that is not is an error. In a server of our own, what was begun waits for the
    /// next one.
    Look,
    /// Change a setting of the server, for which its data folder is made if it is not there. What was begun waits.
    Change,
    /// Act: in a server of our own, what was begun goes on.
    Act,
}

/// A server to speak to.
pub struct Connection {
    /// How to speak to it.
    pub client: Client,
    own: Option<Own>,
}

/// A server inside this process.
struct Own {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Connection {
    /// How to speak to the server that holds the data folder; `None` where none does.
    pub async fn to_running(loaded: &Loaded) -> Result<Option<Client>, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match held(loaded)? {
                Some(holder) if !holder.note.is_empty() => {
                    let key = key_of(loaded, &holder)?;
                    return Ok(Some(Client::new(&loaded.data, &holder.note, &key)?));
                }
                // It is starting, or another command of ours is.
                Some(holder) if Instant::now() > deadline => {
                    return Err(Failure::failed(format!(
                        "process {} holds {} but does not say where it listens: stop it, or wait until it has started",
                        holder.pid,
                        loaded.data.display()
                    )));
                }
                Some(_) => sleep(PAUSE).await,
                None => return Ok(None),
            }
        }
    }

    /// Finds the server, or starts one.
    pub async fn open(loaded: &Loaded, mut purpose: Purpose) -> Result<Self, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(client) = Self::to_running(loaded).await? {
                return Ok(Self { client, own: None });
            }
            if purpose == Purpose::Look {
                there(loaded)?;
                purpose = Purpose::Change;
            }
            match Own::start(loaded.clone(), purpose).await {
                Ok((own, base, key)) => {
                    return Ok(Self { client: Client::new(&loaded.data, &base, &key)?, own: Some(own) });
                }
                // Somebody else was faster.
                Err(error) if error.is_locked() && Instant::now() < deadline => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the server, if it is our own: everything is durable afterwards.
    pub async fn close(self) -> Result<(), Failure> {
        let Some(own) = self.own else { return Ok(()) };
        // If it has ended already, there is nobody to tell.
        let _ended = own.stop.send(()).is_err();
        let joined = tokio::task::spawn_blocking(|| own.thread.join()).await?;
        joined.map_err(|_| Failure::failed("the server inside this program failed while it stopped"))
    }
}

impl Own {
    async fn start(loaded: Loaded, purpose: Purpose) -> Result<(Self, String, String), ComposeError> {
        let (stop, stopped) = oneshot::channel();
        let (started, starting) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("server".into())
            .spawn(move || actix_rt::System::new().block_on(live(loaded, purpose, started, stopped)))
            .map_err(ComposeError::Thread)?;
        let (base, key) = starting.await.unwrap_or(Err(ComposeError::Died))?;
        Ok((Self { stop, thread }, base, key))
    }
}

/// The life of a server inside this process.
async fn live(
    loaded: Loaded,
    purpose: Purpose,
    started: oneshot::Sender<Result<(String, String), ComposeError>>,
    stopped: oneshot::Receiver<()>,
) {
    match compose(&loaded, &Listen::Loopback).await {
        Ok(running) => {
            if purpose == Purpose::Act {
                running.wake();
            }
            let Running { base, key, .. } = &running;
            // If nobody waits any more, `stopped` says so at once.
            let _heard = started.send(Ok((base.clone(), key.clone()))).is_ok();
            let _asked = stopped.await.is_ok();
            running.stop().await;
        }
        Err(error) => drop(started.send(Err(error))),
    }
}

/// Refuses a data folder that is not there: whoever looks mistook its name, or nothing was begun yet.
pub fn there(loaded: &Loaded) -> Result<(), Failure> {
    if held(loaded)?.is_some() || loaded.data.join("log").is_dir() {
        return Ok(());
    }
    Err(Failure::not_found(format!(
        "there is no log in {}: `reenact serve` or `reenact ask` begins one, or name another data folder with --data",
        loaded.data.display()
    )))
}

/// Who holds the log.
fn held(loaded: &Loaded) -> Result<Option<Holder>, Failure> {
    holder(&loaded.data.join("log")).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Failure::refused(format!(
            "{} belongs to another user, and you may not look inside: be that user, or name a folder of your own with --data",
            loaded.data.display()
        )),
        _ => Failure::failed(format!("{}: {error}", loaded.data.join("log").display())),
    })
}

/// The key in the data folder, which a server that runs has written.
fn key_of(loaded: &Loaded, holder: &Holder) -> Result<String, Failure> {
    let path = loaded.data.join("key");
    match fs::read_to_string(&path) {
        Ok(key) => Ok(key.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(Failure::refused(format!(
            "{} belongs to whoever runs the server (process {}): ask them for a key of your own",
            path.display(),
            holder.pid
        ))),
        Err(error) => Err(Failure::failed(format!("{}: {error}", path.display()))),
    }
}
