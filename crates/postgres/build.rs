//! A migration that is added changes no source: without this the binary would go on without it.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
