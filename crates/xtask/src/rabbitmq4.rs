//! RabbitMQ 4 of Debian 13, for tests: unpacked beside the build, and told where its libraries are. It needs no other root.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use testkit::servers::NextDebian;

use crate::debian;
use crate::next_apt::{self, NextApt};
use crate::run::{program, run};

/// What runs; the rest of what apt would install is for installing it.
const NEEDED: [&str; 4] = ["rabbitmq-server_", "erlang-", "lib", "zlib1g_"];

/// 60 MB, unless it is there.
pub(crate) fn fetch() -> anyhow::Result<()> {
    let folder = NextDebian::folder();
    fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let (root, mark) = (folder.join("root"), folder.join("complete"));
    // Programs name their libraries by absolute paths: a tree that was moved is none.
    let complete = root.display().to_string();
    if fs::read_to_string(&mark).is_ok_and(|text| text == complete) {
        return Ok(());
    }
    debian::install_for_rabbitmq_4()?;
    let apt = folder.join("apt");
    for old in [&root, &apt] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    download(&apt)?;
    unpack(&apt.join("cache/archives"), &root)?;
    settle(&root)?;
    fs::remove_dir_all(&apt)?;
    fs::write(mark, complete)?;
    Ok(())
}

/// What it depends on comes too.
fn download(apt: &Path) -> anyhow::Result<()> {
    let needed = ["install", "--download-only", "--yes", "--no-install-recommends", "rabbitmq-server"];
    NextApt::prepare(apt)?.get(&needed)
}

fn unpack(archives: &Path, root: &Path) -> anyhow::Result<()> {
    let is_needed = |name: &str| NEEDED.iter().any(|needed| name.starts_with(needed));
    let count = next_apt::unpack(archives, root, is_needed)?;
    ensure!(count > NEEDED.len(), "apt has fetched {count} packages only");
    Ok(())
}

/// Erlang's programs are for the C library of their own Debian, and its starter for a fixed place.
fn settle(root: &Path) -> anyhow::Result<()> {
    let erlang = root.join("usr/lib/erlang");
    let loader = find(&root.join("usr/lib"), &|name| name.starts_with("ld-linux"))
        .into_iter()
        .find(|path| path.parent().is_some_and(|folder| !folder.ends_with("lib64")))
        .context("there is no loader in the C library's package")?;
    let libraries = loader.parent().context("the loader is nowhere")?;
    for file in find(&erlang, &|_| true).into_iter().filter(|file| is_program(file)) {
        run(program("patchelf")
            .arg("--set-interpreter")
            .arg(&loader)
            .arg("--force-rpath")
            .arg("--set-rpath")
            .args([libraries, &file]))?;
    }
    let starter = erlang.join("bin/erl");
    let text = fs::read_to_string(&starter)?;
    let moved = text.replace("ROOTDIR=/usr/lib/erlang", &format!("ROOTDIR={}", erlang.display()));
    ensure!(moved != text, "Erlang's starter looks different from what is known");
    fs::write(starter, moved)?;
    Ok(())
}

/// Files below the folder whose name is wanted.
fn find(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && wanted(&entry.file_name().to_string_lossy()) {
                found.push(entry.path());
            }
        }
    }
    found
}

/// ELF, and not a library: those stand in folders of their own.
fn is_program(file: &Path) -> bool {
    let is_in_bin = file.parent().is_some_and(|folder| folder.ends_with("bin"));
    let mut start = [0; 4];
    is_in_bin
        && fs::File::open(file).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == *b"\x7fELF"
}
