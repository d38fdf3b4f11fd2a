//! `reenact config`: every setting, its value, and where it came from.

use serde_json::Value;

use super::{
    exit::{Ended, Exit},
    screen::{Screen, json_line, short},
    settings::{Loaded, Setting},
};

/// Lists the settings; what is secret is masked.
pub fn run(loaded: &Loaded, json: bool) -> Ended {
    if json {
        loaded.list.iter().try_for_each(json_line)?;
        return Ok(Exit::Done);
    }
    let cells = |setting: &Setting| {
        let value = match &setting.value {
            Value::Null => "–".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        vec![setting.key.clone(), short(&value, 120), setting.origin.to_string()]
    };
    let rows: Vec<_> = loaded.list.iter().map(cells).collect();
    Screen::new().table(&["setting", "value", "from"], &rows)?;
    Ok(Exit::Done)
}
