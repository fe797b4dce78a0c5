//! Rows of measurements into files of a month each, as they come.

use domain::UtcMillis;

use super::Broken;
use super::file::File;

const HEAD: &[u8] = b"time,seconds,socket,joules\r\n";
/// No row is longer.
const LONGEST_ROW: usize = 200;
/// `2026-11` of a row's time.
const MONTH: usize = 7;

/// Takes the bytes of a CSV and gives its rows to the files of their months.
pub(super) struct Months<'a> {
    file: &'a mut File,
    /// Where the files are.
    folder: String,
    month: String,
    /// The beginning of a row whose end is still to come.
    rest: Vec<u8>,
    is_first: bool,
    /// The time of the latest row.
    latest: Option<UtcMillis>,
}

impl<'a> Months<'a> {
    pub(super) const fn new(file: &'a mut File, folder: String) -> Self {
        Self { file, folder, month: String::new(), rest: Vec::new(), is_first: true, latest: None }
    }

    pub(super) const fn latest(&self) -> Option<UtcMillis> {
        self.latest
    }

    pub(super) async fn take(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut bytes = bytes;
        if !self.rest.is_empty() {
            let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
                return self.keep(bytes);
            };
            self.keep(&bytes[..=end])?;
            let row = std::mem::take(&mut self.rest);
            self.rows(&row).await?;
            bytes = &bytes[end + 1..];
        }
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        self.rows(&bytes[..whole]).await?;
        self.keep(&bytes[whole..])
    }

    /// A CSV that ends within a row is not whole, whatever the connection says.
    pub(super) fn finish(self) -> Result<(), Broken> {
        if self.rest.is_empty() && !self.is_first {
            Ok(())
        } else {
            Err(Broken::Malformed("measurements that end within a row"))
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        if self.rest.len() + bytes.len() > LONGEST_ROW {
            return Err(Broken::Malformed("a row of measurements that is too long"));
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Whole rows.
    async fn rows(&mut self, mut rows: &[u8]) -> Result<(), Broken> {
        if self.is_first && !rows.is_empty() {
            rows = rows.strip_prefix(HEAD).ok_or(Broken::Malformed("measurements without their head"))?;
            self.is_first = false;
        }
        while !rows.is_empty() {
            // As many as are of the same month go in one.
            let month = month_of(rows)?;
            let mut end = 0;
            let mut last = rows;
            for row in rows.split_inclusive(|&byte| byte == b'\n') {
                if month_of(row)? != month {
                    break;
                }
                end += row.len();
                last = row;
            }
            if month != self.month {
                month.clone_into(&mut self.month);
                let name = format!("{}/{month}.csv", self.folder);
                self.file.begin(&name, true).await?;
                self.file.write(HEAD).await?;
            }
            self.latest = Some(time_of(last)?);
            self.file.write(&rows[..end]).await?;
            rows = &rows[end..];
        }
        Ok(())
    }
}

fn month_of(row: &[u8]) -> Result<&str, Broken> {
    let month = row.get(..MONTH).and_then(|month| std::str::from_utf8(month).ok());
    let is_month = |text: &&str| {
        text.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() })
    };
    month.filter(is_month).ok_or(Broken::Malformed("a measurement without a time"))
}

fn time_of(row: &[u8]) -> Result<UtcMillis, Broken> {
    let time = row.split(|&byte| byte == b',').next().and_then(|time| std::str::from_utf8(time).ok());
    let time = time.and_then(UtcMillis::parse_rfc3339);
    time.ok_or(Broken::Malformed("a measurement without a time"))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use tokio::sync::mpsc;

    use super::*;

    const ROWS: &str = "time,seconds,socket,joules\r\n2026-10-31T23:59:50Z,10,0,5\r\n2026-11-01T00:00:00Z,10,0,6\r\n\
         2026-11-01T00:00:00Z,10,7,-7\r\n2027-01-01T00:00:00Z,10,0,8\r\n";

    async fn files(pieces: Vec<&[u8]>) -> Result<Vec<(String, String)>, Broken> {
        let (sender, mut taken) = mpsc::channel(1_000);
        let mut file = File::new(sender);
        let mut months = Months::new(&mut file, "hub".to_owned());
        for piece in pieces {
            months.take(piece).await?;
        }
        months.finish()?;
        Box::pin(file.finish()).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = taken.recv().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut all = Vec::new();
        for place in 0..archive.len() {
            let mut file = archive.by_index(place).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            let name = file.name().unwrap().into_owned();
            all.push((name, text));
        }
        Ok(all)
    }

    #[tokio::test]
    async fn each_month_has_its_rows_however_they_are_cut() {
        let expected = files(vec![ROWS.as_bytes()]).await.unwrap();
        let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["hub/2026-10.csv", "hub/2026-11.csv", "hub/2027-01.csv"]);
        assert!(expected[1].1.ends_with("2026-11-01T00:00:00Z,10,7,-7\r\n"));
        let rows = |text: &str| text.lines().count() - 1;
        assert_eq!(expected.iter().map(|(_, text)| rows(text)).collect::<Vec<_>>(), [1, 2, 1]);
        for size in [1, 2, 3, 7, 28, 29, 30, 50] {
            assert_eq!(files(ROWS.as_bytes().chunks(size).collect()).await.unwrap(), expected, "{size}");
        }
    }

    #[tokio::test]
    async fn what_is_no_measurement_is_not_passed_on() {
        let head = "time,seconds,socket,joules\r\n";
        let long = format!("{head}{}", "2".repeat(300));
        let no_time = format!("{head}yesterday,10,0,1\r\n");
        for wrong in ["", "welcome\r\n", &ROWS[..ROWS.len() - 1], &long, &no_time] {
            let outcome = files(vec![wrong.as_bytes()]).await;
            assert!(matches!(outcome, Err(Broken::Malformed(_))), "{wrong:?}");
        }
        assert_eq!(files(vec![head.as_bytes()]).await.unwrap(), []);
    }
}
