//! Reads a Markdown file with front matter: what stands between two lines of `---` at its beginning, as YAML, and the text
//! below.

use yaml_rust2::{Yaml, YamlLoader};

/// What a file says of an agent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub name: Option<String>,
    pub description: Option<String>,
    /// `None`: nothing is said, so all of them.
    pub tools: Option<Vec<String>>,
    pub model: Option<String>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub message: String,
    /// From 1.
    pub line: usize,
}

/// The front matter and the text below it.
pub(super) fn read(file: &str) -> Result<(FrontMatter, &str), Wrong> {
    let wrong = |message: &str, line| Wrong { message: message.to_owned(), line };
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    let rest = file.strip_prefix("---\n").or_else(|| file.strip_prefix("---\r\n")).ok_or_else(|| {
        wrong("an agent's file begins with a line `---`, its name and description, and another `---`", 1)
    })?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let text = rest[at + line.len()..].trim();
            return Ok((fields(&rest[..at])?, text));
        }
        at += line.len();
    }
    Err(wrong("the line `---` that ends the front matter is missing", file.lines().count().max(1)))
}

fn fields(yaml: &str) -> Result<FrontMatter, Wrong> {
    match YamlLoader::load_from_str(yaml) {
        Ok(documents) => match documents.into_iter().next() {
            Some(Yaml::Hash(members)) => {
                let of = |key: &str| members.get(&Yaml::String(key.to_owned()));
                let text = |key: &str| of(key).and_then(scalar);
                Ok(FrontMatter {
                    name: text("name"),
                    description: text("description"),
                    tools: of("tools").and_then(list),
                    model: text("model"),
                })
            }
            None => Ok(FrontMatter::default()),
            Some(_) => Err(Wrong { message: "the front matter has no fields, as in `name: …`".into(), line: 2 }),
        },
        // Many files hold a description with `: ` in it, which is no YAML, and which other programs read all the same.
        Err(error) => by_line(yaml).ok_or_else(|| Wrong {
            message: format!("the front matter is no YAML: {}", error.info()),
            line: error.marker().line() + 1,
        }),
    }
}

/// `KEY: TEXT` on each line, whatever the text is.
fn by_line(yaml: &str) -> Option<FrontMatter> {
    let mut read = FrontMatter::default();
    for line in yaml.lines().filter(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once(':')?;
        if key.is_empty() || !key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return None;
        }
        let value = value.trim().to_owned();
        match key {
            "name" => read.name = Some(value),
            "description" => read.description = Some(value),
            "tools" => read.tools = list(&Yaml::String(value)),
            "model" => read.model = Some(value),
            _ => {}
        }
    }
    Some(read)
}

fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) | Yaml::Real(text) => Some(text.trim().to_owned()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(is) => Some(is.to_string()),
        _ => None,
    }
}

/// Names, one after the other with commas or as a list. `*` is all of them.
fn list(value: &Yaml) -> Option<Vec<String>> {
    let names: Vec<String> = match value {
        Yaml::Array(items) => items.iter().filter_map(scalar).collect(),
        Yaml::Null => return None,
        other => scalar(other)?.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    (!names.iter().any(|name| name == "*")).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tools: &[&str]) -> Vec<String> {
        tools.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_file_has_fields_and_a_text() {
        let (read, text) =
            read("---\nname: one\ndescription: \"Does: it\"\ntools: Read, Grep\nmodel: haiku\n---\n\n# Do\nit\n")
                .unwrap();
        assert_eq!((read.name.as_deref(), read.description.as_deref()), (Some("one"), Some("Does: it")));
        assert_eq!(
            (read.tools, read.model.as_deref(), text),
            (Some(names(&["Read", "Grep"])), Some("haiku"), "# Do\nit")
        );
    }

    #[test]
    fn tools_are_a_list_in_any_of_its_forms_and_a_star_is_all() {
        for (written, tools) in [
            ("tools: [Read, Grep]", Some(names(&["Read", "Grep"]))),
            ("tools:\n  - Read\n  - Grep", Some(names(&["Read", "Grep"]))),
            ("tools: Read", Some(names(&["Read"]))),
            ("tools: []", Some(names(&[]))),
            ("tools: '*'", None),
            ("tools:", None),
            ("color: red", None),
        ] {
            assert_eq!(read(&format!("---\n{written}\n---\nx")).unwrap().0.tools, tools, "{written}");
        }
    }

    #[test]
    fn a_description_that_is_no_yaml_is_read_as_it_stands() {
        let file = "---\r\nname: helper\r\ndescription: Use this when: it breaks. <example>user: \"x\"</example>\r\ntools: Read\r\n---\r\nText";
        let (read, text) = read(file).unwrap();
        assert!(read.description.unwrap().starts_with("Use this when: it breaks."));
        assert_eq!((read.tools, text), (Some(names(&["Read"])), "Text"));
    }

    #[test]
    fn what_is_no_such_file_says_where_it_is_wrong() {
        assert_eq!(read("# Just text").unwrap_err().line, 1);
        assert_eq!(read("---\nname: x\n").unwrap_err().line, 2);
        assert_eq!(read("---\nname: [x\n  : y\n---\n").unwrap_err().line, 3);
        assert_eq!(read("---\n- x\n---\n").unwrap_err().line, 2);
    }
}
