//! Gives the program an identity of what its workers are made of. A worker may be another program, `mobsync.exe` under Wine, which was
//! built some time ago: it must not run a handler for a `mobsync` that was built from other sources.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The layers that run in a worker, and what both sides write into the shared memory: `job`, and what lies below it.
const OF_WORKERS: [&str; 9] = ["handler", "host", "job", "json", "protocol", "rules", "scenario", "time", "trace"];

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for layer in OF_WORKERS {
        let folder = Path::new("src").join(layer);
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, &mut files)?;
    }
    // Windows separates names in another way.
    let mut named: Vec<(String, PathBuf)> =
        files.into_iter().map(|file| (file.to_string_lossy().replace('\\', "/"), file)).collect();
    named.sort();
    // FNV-1a: this tells builds apart, and keeps nobody from anything.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (name, file) in named {
        let mut text = fs::read(file)?;
        // A checkout on Windows may have other ends of lines.
        text.retain(|byte| *byte != b'\r');
        add(name.as_bytes());
        add(&(text.len() as u64).to_le_bytes());
        add(&text);
    }
    println!("cargo::rustc-env=MOBSYNC_WORKER_BUILD={hash:016x}");
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
