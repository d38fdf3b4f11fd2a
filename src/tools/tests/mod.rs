//! The reading tools through the one door, on real folders.

mod find_files;
mod ground;
mod list_directory;
mod read_file;
mod search_text;
mod toolbox;
