//! The built-in catalog: the scripts of the folder `workflows/`.

use super::found::{File, Source, Text};

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/workflows"]
struct Catalog;

/// All of them, by their names.
pub(super) fn all() -> Vec<File> {
    let mut names: Vec<_> = Catalog::iter().collect();
    names.sort();
    let file = |name: std::borrow::Cow<'static, str>| {
        let text = String::from_utf8(Catalog::get(&name)?.data.into_owned()).ok()?;
        Some(File { source: Source::BuiltIn, name: name.into_owned(), text: Text::Here(text, None) })
    };
    names.into_iter().filter_map(file).collect()
}
