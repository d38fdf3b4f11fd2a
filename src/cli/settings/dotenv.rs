//! Reads a `.env` file: lines of `NAME=VALUE`, with `export`, quotes and comments as shells write them. Nothing is expanded.

use std::collections::BTreeMap;

/// The names and values of a file; the lines that are none, by number.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, usize> {
    let mut values = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = assignment(line).ok_or(index + 1)?;
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty();
    fits.then_some((name, unquoted(value.trim())?))
}

fn unquoted(value: &str) -> Option<String> {
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        // Without quotes a comment begins at a `#` after a space.
        let end = value.find(" #").unwrap_or(value.len());
        return Some(value[..end].trim_end().to_owned());
    };
    let mut text = String::new();
    let mut rest = value[1..].chars();
    loop {
        match rest.next()? {
            '\\' if quote == '"' => match rest.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other => text.push(other),
            },
            end if end == quote => break,
            other => text.push(other),
        }
    }
    let rest = rest.as_str().trim_start();
    (rest.is_empty() || rest.starts_with('#')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_read_as_a_shell_reads_them() {
        let text = "# keys\n\nA=1\nexport B = two words # here\nC=\"x # \\\"y\\\"\" # z\nD='a\\n'\nE=\nF=a#b\n";
        let values = parse(text).unwrap();
        let expected = [("A", "1"), ("B", "two words"), ("C", "x # \"y\""), ("D", "a\\n"), ("E", ""), ("F", "a#b")];
        assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_line_that_is_no_assignment_is_named() {
        assert_eq!(parse("A=1\nwhat is this\n"), Err(2));
        assert_eq!(parse("A=\"open\n"), Err(1));
        assert_eq!(parse("a-b=1\n"), Err(1));
    }
}
