use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::traces::recorded_day;

use crate::process::{Standalone, command};

/// Chromium logs in, sees the number move, sees the refrigerator's cycles, on a phone and on a desktop, and axe
/// finds nothing. What it saw stays in `target/screenshots`.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_home_in_a_real_browser() {
    let (day, data) = (recorded_day(), tempfile::tempdir().unwrap());
    let files = day.files();
    let standalone = Standalone::start(
        command()
            .args(["--json", "demo", "--port", "0", "--traces"])
            .arg(files[0].parent().unwrap())
            .arg("--data")
            .arg(data.path()),
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = root.join("crates/web-app/ui");
    assert!(page.join("node_modules").is_dir(), "the page's tools are missing: npm ci in crates/web-app/ui");
    let screenshots: PathBuf = root.join("target/screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();

    let output = Command::new("node")
        .arg("e2e/run.mjs")
        .current_dir(page)
        .env("WATTLINE_URL", &standalone.ready.url)
        .env("WATTLINE_EMAIL", &standalone.ready.email)
        .env("WATTLINE_PASSWORD", &standalone.ready.password)
        .env("WATTLINE_SHOTS", &screenshots)
        .output()
        .expect("node can be started");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the browser saw something wrong");
}
