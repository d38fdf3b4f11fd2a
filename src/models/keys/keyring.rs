//! Keys in the system's keyring, through the program `secret-tool` that comes with libsecret: what speaks the Secret Service
//! itself would be a third of all that this program is built from (`docs/decisions/0009-keyring.md`).

use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{KeepError, KeepKeys, Kept};
use crate::models::ApiKey;

/// How long the keyring may take to say that it is there.
const THERE_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take to give a key: it may ask its owner to be unlocked.
const GIVE_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to keep or forget one, which its owner has just asked for.
const CHANGE_WITHIN: Duration = Duration::from_mins(1);

/// The keyring of whoever runs the server.
pub struct SystemKeyring {
    program: OsString,
    /// Each data folder has keys of its own: a provider's name may mean another server in another one.
    folder: String,
}

/// What the program answered.
struct Answer {
    succeeded: bool,
    out: String,
    complaint: String,
}

impl SystemKeyring {
    /// The keyring, through a program of that name, for the server with this data folder.
    pub fn new(program: impl Into<OsString>, data: &Path) -> Self {
        Self { program: program.into(), folder: data.display().to_string() }
    }

    /// Whether there is one that answers.
    pub fn is_there(&self) -> bool {
        self.run("lookup", "", None, THERE_WITHIN).is_ok_and(|answer| answer.complaint.is_empty())
    }

    fn run(&self, what: &str, provider: &str, secret: Option<&str>, within: Duration) -> Result<Answer, KeepError> {
        let mut command = Command::new(&self.program);
        command.arg(what);
        if secret.is_some() {
            command.arg(format!("--label=Reenact: the key of {provider}"));
        }
        command.args(["application", "reenact", "folder", &self.folder, "provider", provider]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error: io::Error| KeepError::Keyring(format!("`secret-tool {what}` failed: {error}"));
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that has ended already says why by itself.
            let _written = stdin.write_all(secret.unwrap_or_default().as_bytes()).is_ok();
        }
        let (out, complaint) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let succeeded = wait(&mut child, within).map_err(failed)?;
        let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
        Ok(Answer { succeeded, out: text(out), complaint: text(complaint).trim().to_owned() })
    }
}

/// Reads a pipe to its end beside whatever else is done: a full pipe would hold the program up.
fn drain(pipe: Option<impl io::Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        // What cannot be read is no answer.
        let _read = pipe.map(|pipe| pipe.take(64 * 1024).read_to_string(&mut text)).is_some();
        text
    })
}

/// Waits for a program to end, and ends it where it takes too long.
fn wait(child: &mut Child, within: Duration) -> io::Result<bool> {
    const PAUSE: Duration = Duration::from_millis(5);
    let deadline = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {within:?}; is it locked?")));
        }
        thread::sleep(PAUSE);
    }
}

fn complaint(answer: Answer) -> KeepError {
    KeepError::Keyring(if answer.complaint.is_empty() { "it gave no reason".to_owned() } else { answer.complaint })
}

impl KeepKeys for SystemKeyring {
    fn get(&self, provider: &str) -> Result<Option<Kept>, KeepError> {
        let answer = self.run("lookup", provider, None, GIVE_WITHIN)?;
        match (answer.succeeded, answer.complaint.is_empty()) {
            (true, _) => {
                let key = ApiKey::new(&answer.out);
                Ok((!key.is_empty()).then(|| Kept { key, place: "the system's keyring".to_owned() }))
            }
            // It fails without a word where there is none.
            (false, true) => Ok(None),
            (false, false) => Err(complaint(answer)),
        }
    }

    fn set(&self, provider: &str, key: &ApiKey) -> Result<String, KeepError> {
        let answer = self.run("store", provider, Some(key.reveal()), CHANGE_WITHIN)?;
        if answer.succeeded { Ok("the system's keyring".to_owned()) } else { Err(complaint(answer)) }
    }

    fn forget(&self, provider: &str) -> Result<bool, KeepError> {
        if self.get(provider)?.is_none() {
            return Ok(false);
        }
        let answer = self.run("clear", provider, None, CHANGE_WITHIN)?;
        if answer.succeeded { Ok(true) } else { Err(complaint(answer)) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    /// A program that does what `secret-tool` does, with files.
    const FAKE: &str = r#"#!/bin/sh
        cd "$(dirname "$0")" || exit 2
        what=$1; shift
        case $1 in --label=*) shift;; esac
        name=$(printf '%s ' "$@" | tr -c 'a-z0-9' _)
        case $what in
          lookup) [ -f "$name" ] || exit 1; cat "$name";;
          store) cat > "$name";;
          clear) rm -f "$name";;
        esac
    "#;

    /// A keyring that lives in a folder.
    pub fn fake(folder: &Path) -> SystemKeyring {
        program(folder, FAKE)
    }

    /// A keyring that answers, and takes nothing.
    pub fn full(folder: &Path) -> SystemKeyring {
        program(folder, "#!/bin/sh\n[ \"$1\" = store ] && echo 'no collection' >&2\nexit 1\n")
    }

    fn program(folder: &Path, text: &str) -> SystemKeyring {
        let program = folder.join("secret-tool");
        fs::write(&program, text.trim_start()).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        SystemKeyring::new(program, folder)
    }

    #[test]
    fn keys_are_kept_given_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = fake(folder.path());
        assert!(keyring.is_there());
        assert_eq!(keyring.get("openai").unwrap(), None);
        assert_eq!(keyring.set("openai", &ApiKey::new("sk-one")).unwrap(), "the system's keyring");
        assert_eq!(keyring.get("openai").unwrap().unwrap().key.reveal(), "sk-one");
        assert!(keyring.forget("openai").unwrap() && !keyring.forget("openai").unwrap());
    }

    #[test]
    fn a_keyring_that_is_not_there_complains_or_hangs_is_told_apart_from_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let missing = SystemKeyring::new(folder.path().join("nothing"), folder.path());
        assert!(!missing.is_there() && missing.get("openai").is_err());
        let complaining = program(folder.path(), "#!/bin/sh\necho 'Cannot autolaunch D-Bus' >&2; exit 1\n");
        assert!(!complaining.is_there());
        let error = complaining.set("openai", &ApiKey::new("sk-secret")).unwrap_err().to_string();
        assert!(error.contains("D-Bus") && error.contains("keep_keys") && !error.contains("sk-secret"), "{error}");
        let hanging = program(folder.path(), "#!/bin/sh\nexec sleep 60\n");
        let error = hanging.run("lookup", "openai", None, Duration::from_millis(50)).err().unwrap().to_string();
        assert!(error.contains("locked"), "{error}");
    }
}
