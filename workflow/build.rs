//! Builds the engine module: the QuickJS-ng sources that crate `rquickjs-sys` ships, our glue in `engine/` and the prelude
//! in `prelude/`, with clang and rustup's wasm-ld, for a WebAssembly without WASI. Its only imports are ours.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

/// The parts of the prelude, in the order in which they are evaluated.
const PRELUDE: [&str; 6] = ["text", "clock", "calls", "url", "flow", "entry"];
/// The engine's own C files, beside ours and the shim of the crate.
const ENGINE: [&str; 4] = ["quickjs", "libregexp", "libunicode", "dtoa"];

fn main() {
    println!("cargo::rerun-if-changed=engine");
    println!("cargo::rerun-if-changed=prelude");
    for name in ["REENACT_CLANG", "REENACT_WASM_LD", "PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let sources = sources(&here);
    let clang = clang();
    let linker = linker();
    fs::write(out.join("prelude.h"), prelude(&here.join("prelude"))).expect("writes into its own folder");

    let quickjs = sources.join("quickjs");
    let libc = sources.join("vendor/wasi-libc");
    let mut files: Vec<PathBuf> = ENGINE.iter().map(|name| quickjs.join(name).with_extension("c")).collect();
    files.push(sources.join("wasm-shim/shim.c"));
    files.push(here.join("engine/engine.c"));
    let objects: Vec<PathBuf> =
        files.iter().map(|file| out.join(file.file_stem().expect("it is a file")).with_extension("o")).collect();
    thread::scope(|scope| {
        for (file, object) in files.iter().zip(&objects) {
            let (clang, libc, quickjs, out) = (&clang, &libc, &quickjs, &out);
            scope.spawn(move || {
                run(Command::new(clang)
                    .args(["--target=wasm32-unknown-unknown", "-O2", "-std=gnu11", "-nostdlibinc", "-w"])
                    .arg("-isystem")
                    .arg(libc.join("include"))
                    .args(["-D_GNU_SOURCE", "-DEMSCRIPTEN=1", "-DFE_DOWNWARD=0", "-DFE_UPWARD=0", "-DNDEBUG"])
                    .arg("-I")
                    .arg(quickjs)
                    .arg("-I")
                    .arg(out)
                    .arg("-c")
                    .arg(file)
                    .arg("-o")
                    .arg(object));
            });
        }
    });
    run(Command::new(linker)
        .args(["--no-entry", "--gc-sections", "--strip-all", "--stack-first", "-z", "stack-size=2097152", "-o"])
        .arg(out.join("engine.wasm"))
        .args(&objects)
        .arg(libc.join("lib/libc.a")));
}

/// Where Cargo has unpacked the sources of the engine.
fn sources(here: &Path) -> PathBuf {
    let cargo = env::var_os("CARGO").expect("cargo sets it");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "wasm32-unknown-unknown"])
        .arg("--manifest-path")
        .arg(here.join("Cargo.toml"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("it lists the packages");
    let package = packages.iter().find(|package| package["name"] == "rquickjs-sys").expect("it is a dependency");
    let manifest = Path::new(package["manifest_path"].as_str().expect("it has a path"));
    manifest.parent().expect("it lies in a folder").to_owned()
}

fn clang() -> PathBuf {
    let named = env::var_os("REENACT_CLANG").map(PathBuf::from);
    let known = ["clang", "clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"];
    named.into_iter().chain(known.map(PathBuf::from)).find(|program| starts(program)).unwrap_or_else(|| {
        panic!(
            "clang is missing, which builds the engine of workflows.\n\
             Install it with: sudo apt-get install -y clang (or name one in REENACT_CLANG)"
        )
    })
}

fn linker() -> PathBuf {
    let rustc = env::var_os("RUSTC").expect("cargo sets it");
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output().expect("rustc can be started");
    let sysroot = String::from_utf8(sysroot.stdout).expect("rustc writes a path");
    let host = env::var("HOST").expect("cargo sets it");
    let of_rust = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/gcc-ld/wasm-ld");
    let named = env::var_os("REENACT_WASM_LD").map(PathBuf::from);
    named.into_iter().chain([of_rust, "wasm-ld".into()]).find(|program| starts(program)).unwrap_or_else(|| {
        panic!(
            "wasm-ld is missing, which links the engine of workflows. It comes with rustup's toolchains;\n\
             else install it with: sudo apt-get install -y lld (or name one in REENACT_WASM_LD)"
        )
    })
}

fn starts(program: &Path) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The prelude as a C array. Its parts share one scope.
fn prelude(folder: &Path) -> String {
    let mut text = String::from("(function (hostCall, hostNote, hostBudget, hostUrl) {\n'use strict';\n");
    for part in PRELUDE {
        let path = folder.join(part).with_extension("js");
        text += &fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    text += "})\n";
    let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    format!("static const char prelude[] = {{{},0}};\n", bytes.join(","))
}

fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{}: {error}", command.get_program().to_string_lossy()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed:\n{said}", command.get_program().to_string_lossy());
}
