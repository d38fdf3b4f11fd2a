//! Globs as models write them: `*.rs` means at any depth, `src/**/*.rs` may be meant from the project or from the folder
//! that is searched, `!` excludes.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One glob or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Globs {
    One(String),
    Several(Vec<String>),
}

impl Globs {
    /// Compiles the globs; `root` is the project's folder, which absolute globs may begin with.
    pub(super) fn compile(&self, root: &Path) -> Result<Pattern, String> {
        let globs: &[String] = match self {
            Self::One(glob) => std::slice::from_ref(glob),
            Self::Several(globs) => globs,
        };
        let (mut include, mut exclude) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut included = false;
        for glob in globs.iter().map(|glob| glob.trim()).filter(|glob| !glob.is_empty()) {
            if let Some(excluded) = glob.strip_prefix('!') {
                add(&mut exclude, excluded, root)?;
            } else {
                included = true;
                add(&mut include, glob, root)?;
            }
        }
        let build =
            |builder: GlobSetBuilder| builder.build().map_err(|error| format!("The globs are too large: {error}."));
        Ok(Pattern { include: included.then(|| build(include)).transpose()?, exclude: build(exclude)? })
    }
}

fn add(builder: &mut GlobSetBuilder, glob: &str, root: &Path) -> Result<(), String> {
    let relative = root.to_str().and_then(|root| glob.strip_prefix(root)).unwrap_or(glob);
    let relative = relative.trim_start_matches("./").trim_start_matches('/');
    let anywhere =
        if relative.trim_end_matches('/').contains('/') { relative.to_owned() } else { format!("**/{relative}") };
    // A folder means all that is in it.
    let forms = match anywhere.strip_suffix('/') {
        Some(folder) => vec![format!("{folder}/**")],
        None => vec![anywhere.clone(), format!("{anywhere}/**")],
    };
    for form in forms {
        let compiled = GlobBuilder::new(&form).literal_separator(true).build().map_err(|error| {
            format!(
                "`{glob}` is not a glob: {}. Use forms such as `*.rs`, `src/**/*.ts` or `*.{{md,txt}}`.",
                error.kind()
            )
        })?;
        builder.add(compiled);
    }
    Ok(())
}

/// Compiled globs.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Everything, where nothing is included by name.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Pattern {
    /// Whether a file is meant: `path` as it is shown (from the project), `beneath` from the folder that is searched.
    pub(super) fn matches(&self, path: &str, beneath: &Path) -> bool {
        let any = |set: &GlobSet| set.is_match(path) || set.is_match(beneath);
        self.include.as_ref().is_none_or(any) && !any(&self.exclude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(globs: &[&str], path: &str, expected: bool) {
        let globs = Globs::Several(globs.iter().map(|&glob| glob.to_owned()).collect());
        let pattern = globs.compile(Path::new("/home/me/project")).unwrap();
        assert_eq!(pattern.matches(path, Path::new(path)), expected, "{globs:?} {path}");
    }

    #[test]
    fn a_name_matches_at_any_depth() {
        check(&["*.rs"], "main.rs", true);
        check(&["*.rs"], "src/deep/main.rs", true);
        check(&["*.rs"], "main.rs.bak", false);
        check(&["Cargo.toml"], "replay/Cargo.toml", true);
        check(&["*.{md,txt}"], "docs/a.txt", true);
    }

    #[test]
    fn a_path_matches_from_its_beginning() {
        check(&["src/*.rs"], "src/main.rs", true);
        check(&["src/*.rs"], "src/deep/main.rs", false);
        check(&["src/**/*.rs"], "src/main.rs", true);
        check(&["src/**/*.rs"], "src/deep/main.rs", true);
        check(&["./src/*.rs"], "src/main.rs", true);
        check(&["/src/*.rs"], "src/main.rs", true);
        check(&["/home/me/project/src/*.rs"], "src/main.rs", true);
        check(&["src/*.rs"], "other/src/main.rs", false);
    }

    #[test]
    fn a_folder_means_what_is_in_it() {
        check(&["src/"], "src/deep/main.rs", true);
        check(&["src"], "web/src/main.ts", true);
        check(&["docs/guide"], "docs/guide/a.md", true);
    }

    #[test]
    fn an_exclamation_mark_excludes() {
        check(&["*.rs", "!tests/**"], "src/main.rs", true);
        check(&["*.rs", "!tests/**"], "tests/main.rs", false);
        check(&["!*.lock"], "Cargo.toml", true);
        check(&["!*.lock"], "Cargo.lock", false);
    }

    #[test]
    fn a_glob_is_meant_from_the_searched_folder_too() {
        let pattern = Globs::One("tools/*.rs".to_owned()).compile(Path::new("/p")).unwrap();
        assert!(pattern.matches("src/tools/json.rs", Path::new("tools/json.rs")));
    }

    #[test]
    fn what_is_no_glob_is_refused_with_an_example() {
        let error = Globs::One("src/[a".to_owned()).compile(Path::new("/p")).unwrap_err();
        assert!(error.starts_with("`src/[a` is not a glob: "), "{error}");
    }
}
