//! The page is embedded: when it is built anew, so is the binary.

fn main() {
    println!("cargo:rerun-if-changed=ui/dist");
}
