//! Documents in a bucket.

use std::io::Read as _;

use bytes::Bytes;
use faxdroid_server::config::{self, Config};
use faxdroid_server::files::Files;
use faxdroid_testbed::unnamed_file;
use futures::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::column;

fn bucket(endpoint: &str) -> config::Bucket {
    let mut bucket = Config::from_toml("[bucket]\nname = \"documents\"").unwrap().bucket;
    bucket.endpoint = Some(endpoint.parse().unwrap());
    bucket
}

#[tokio::test]
async fn a_file_in_a_bucket_is_read_listed_and_deleted() {
    let services = column::services().await;
    column::create_bucket(services, "documents").await;
    let files = Files::bucket(&bucket(&services.moto.endpoint())).unwrap();

    files.put("acc_1/doc_1.tiff", unnamed_file(b"pages")).await.unwrap();
    assert_eq!(files.get("acc_1/doc_1.tiff").await.unwrap(), "pages");
    files.copy("acc_1/doc_1.tiff", "acc_1/doc_2.tiff").await.unwrap();
    assert_eq!(files.get("acc_1/doc_2.tiff").await.unwrap(), "pages");
    files.copy("acc_1/doc_3.tiff", "acc_1/doc_4.tiff").await.unwrap_err();
    files.delete("acc_1/doc_2.tiff").await.unwrap();
    let listed: Vec<_> = files.list().try_collect().await.unwrap();
    assert_eq!((listed.len(), listed[0].key.as_str()), (1, "acc_1/doc_1.tiff"));

    files.delete("acc_1/doc_1.tiff").await.unwrap();
    files.delete("acc_1/doc_1.tiff").await.unwrap();
    assert!(files.list().try_collect::<Vec<_>>().await.unwrap().is_empty());
    files.get("acc_1/doc_1.tiff").await.unwrap_err();
}

#[tokio::test]
async fn a_file_larger_than_a_part_arrives_whole() {
    let services = column::services().await;
    column::create_bucket(services, "documents-in-parts").await;
    let mut bucket = bucket(&services.moto.endpoint());
    "documents-in-parts".clone_into(&mut bucket.name);
    let files = Files::bucket(&bucket).unwrap();
    let large: Bytes = (0..20 * 1024 * 1024_u32).map(|byte| (byte % 251) as u8).collect();
    files.put("acc_1/doc_1.tiff", unnamed_file(&large)).await.unwrap();
    assert!(files.get("acc_1/doc_1.tiff").await.unwrap() == large);
    let mut fetched = files.fetch("acc_1/doc_1.tiff", unnamed_file(b"")).await.unwrap();
    let mut bytes = Vec::new();
    fetched.read_to_end(&mut bytes).unwrap();
    assert!(bytes == large);
    let listed: Vec<_> = files.list().try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
}

/// moto keeps the header to itself, so this looks at the request.
#[tokio::test]
async fn a_bucket_is_asked_to_encrypt_what_it_is_given() {
    let large = Bytes::from(vec![0; 9 * 1024 * 1024]);
    for (file, begin) in [
        (Bytes::from_static(b"pages"), "put /documents/acc_1/doc_1.tiff "),
        (large, "post /documents/acc_1/doc_1.tiff?uploads"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let files = Files::bucket(&bucket(&format!("http://{}", listener.local_addr().unwrap()))).unwrap();
        let request = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                assert!(stream.read_buf(&mut request).await.unwrap() > 0);
            }
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&request).to_lowercase()
        });
        files.put("acc_1/doc_1.tiff", unnamed_file(&file)).await.unwrap_err();
        let request = request.await.unwrap();
        assert!(request.starts_with(begin), "{request}");
        assert!(request.contains("x-amz-server-side-encryption: aes256"), "{request}");
    }
}
