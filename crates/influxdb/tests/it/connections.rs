//! How the writer uses its connections: a server that counts them, and servers that break off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::HubId;
use domain::measurement::{MeasurementStore as _, StoreError};
use influxdb::{Config, Writer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::container;
use crate::fake::{Fake, Reply};

const YES: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Speaks HTTP by hand: hands every connection, with its number, to `serve`.
struct Raw {
    url: String,
    connections: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Raw {
    async fn start<F>(serve: impl Fn(usize, TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(counted.fetch_add(1, Ordering::SeqCst), stream));
            }
        });
        Self { url, connections, server }
    }

    fn writer(&self) -> Writer {
        let config = Config { url: self.url.clone(), token: Some("hush".into()), ..Config::default() };
        Writer::new(&config).unwrap()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One whole request; false when there is no more.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                return true;
            }
        }
        let mut part = [0; 8_192];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return false,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
}

fn one() -> [domain::Container; 1] {
    [container(HubId::from_bytes([1; 16]), 5)]
}

#[tokio::test]
async fn writes_share_connections() {
    let raw = Raw::start(|_, mut stream| async move {
        while read_request(&mut stream).await {
            stream.write_all(YES.as_bytes()).await.unwrap();
        }
    })
    .await;
    let writer = raw.writer();
    let one = one();
    for _ in 0..20 {
        let four = std::array::from_fn::<_, 4, _>(|_| writer.write_containers(&one));
        let [a, b, c, d] = four;
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        [a, b, c, d].into_iter().collect::<Result<(), _>>().unwrap();
    }
    let connections = raw.connections.load(Ordering::SeqCst);
    assert!((1..=4).contains(&connections), "{connections}");
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_data_was_taken_is_not_a_yes() {
    // It has the request, perhaps it has stored it, and then it is gone; the next connection answers.
    let raw = Raw::start(|number, mut stream| async move {
        if read_request(&mut stream).await && number > 0 {
            stream.write_all(YES.as_bytes()).await.unwrap();
        }
    })
    .await;
    let writer = raw.writer();
    let lost = writer.write_containers(&one()).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
    writer.write_containers(&one()).await.unwrap();
}

#[tokio::test]
async fn half_an_answer_is_not_a_yes_or_a_no() {
    for half in [
        "HTTP/1.1 20",
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 80\r\n\r\n{\"error\":\"partial write: poi",
    ] {
        let raw = Raw::start(move |_, mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(half.as_bytes()).await.unwrap();
        })
        .await;
        let outcome = raw.writer().write_containers(&one()).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_refused_before_it_was_read_is_too_large_and_goes_in_halves() {
    const LIMIT: usize = 8 << 20;
    let raw = Raw::start(|_, mut stream| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let text = String::from_utf8(head).unwrap();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let length: usize = length.parse().unwrap();
        if length > LIMIT {
            let no =
                "HTTP/1.1 413 Request Entity Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(no.as_bytes()).await.unwrap();
            return;
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(YES.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    })
    .await;
    let sockets: domain::SocketJoules = (0..64)
        .map(|number| (domain::SocketNumber::new(number).unwrap(), domain::Joules(-5_999_999)))
        .collect();
    let mut large = one()[0].clone();
    let first = large.ticks[0].start.0;
    large.ticks = (0..20_000)
        .map(|n| domain::TickEnergy { start: domain::UtcMillis(first + n * 10_000), energy: sockets.clone() })
        .collect();
    raw.writer().write_containers(&[large]).await.unwrap();
}

#[tokio::test]
async fn compressed_bodies_say_so() {
    let fake = Fake::start([Reply::new(204, "")]).await;
    let (packed, plain) = (Config { gzip: true, ..fake.config() }, fake.config());
    for config in [&packed, &plain] {
        let writer = Writer::new(config).unwrap();
        // Twice, as the first of its day, and the last one in buffers of those before.
        writer.write_containers(&one()).await.unwrap();
        writer.write_containers(&one()).await.unwrap();
    }
    let asked = fake.asked();
    let encodings: Vec<_> = asked.iter().map(|asked| asked.encoding.as_deref()).collect();
    let gzip = Some("gzip");
    assert_eq!(encodings, [gzip, gzip, gzip, None, None, None]);
    assert!(asked.iter().all(|other| other.body == asked[5].body));
}
