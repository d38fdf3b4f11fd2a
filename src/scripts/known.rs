//! Scripts that were read before. Reading one runs the engine, and whoever starts a workflow or lists them reads all that stand
//! before it: for scripts that are what they were, nothing has to run.

use std::collections::HashMap;

use parking_lot::Mutex;
use workflow::{Engine, LoadError, Meta, Script};

/// How many are kept. Each has its texts: some KB.
const MOST: usize = 500;

/// Scripts that were read before, by the hash of name and text.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<[u8; 32], (Script, Meta)>>);

impl Known {
    /// Reads a script with all that it imports, if it is not what it was: the files are looked at, their times are not, so that
    /// no change goes unseen.
    pub fn read(
        &self,
        engine: &Engine,
        mut script: Script,
        read: impl Fn(&str) -> Result<String, String>,
    ) -> Result<(Script, Meta), LoadError> {
        let hash = script.hash();
        let before = self.0.lock().get(&hash).cloned();
        let is_same = |(file, text): (&String, &String)| read(file).is_ok_and(|now| now == *text);
        if let Some((known, meta)) = before.filter(|(known, _)| known.files.iter().all(is_same)) {
            return Ok((known, meta));
        }
        let (meta, _format) = engine.read(&mut script, read)?;
        let mut kept = self.0.lock();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(hash, (script.clone(), meta.clone()));
        Ok((script, meta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_anew_once_it_or_what_it_imports_is_another() {
        let engine = Engine::new(None).unwrap();
        let known = Known::default();
        let script = |text: &str| Script::new("a.js", format!("import './b.js'\nexport const meta = {text}\n"));
        let read = |script: Script, import: &str| {
            let text = import.to_owned();
            known.read(&engine, script, move |_| Ok(text.clone()))
        };
        let first = || script("{ name: 'a', description: 'one' }");
        let (_, meta) = read(first(), "1").unwrap();
        assert_eq!(meta.description, "one");
        assert_eq!(read(first(), "1").unwrap().0.files["b.js"], "1");
        assert_eq!(read(first(), "2").unwrap().0.files["b.js"], "2", "what it imports has changed");
        assert!(read(first(), "this is none").is_err(), "what is wrong now is told");
        assert!(known.read(&engine, first(), |_| Err("gone".into())).is_err());
        assert_eq!(read(script("{ name: 'a', description: 'two' }"), "2").unwrap().1.description, "two");
    }
}
