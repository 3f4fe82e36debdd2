//! Zips that depend on nothing but their content.

use std::io::{Cursor, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A zip with one executable file `bootstrap`, as Lambda's OS-only runtimes want it.
pub fn deployable(bootstrap: &[u8]) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("bootstrap", options)?;
    writer.write_all(bootstrap)?;
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    // Goal: the same binary gives the same bytes, and Lambda can run what is inside.
    // Method: write twice and compare; read back name, mode, time and content.
    use std::io::Read;

    use super::*;

    #[test]
    fn equal_content_gives_equal_bytes() {
        let first = deployable(b"binary").expect("memory can be written");
        assert_eq!(first, deployable(b"binary").expect("memory can be written"));
        assert_ne!(first, deployable(b"other").expect("memory can be written"));
    }

    #[test]
    fn the_file_is_executable_and_dateless() {
        let bytes = deployable(b"binary").expect("memory can be written");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("it is a zip");
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_name("bootstrap").expect("the file is there");
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        assert_eq!(file.last_modified(), Some(DateTime::default()));
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("memory can be read");
        assert_eq!(content, b"binary");
    }
}
