//! Conversions among files that want to do harm: every good one converts, whatever came before it.

use bytes::Bytes;
use faxdroid_document::Limits;
use faxdroid_server::config::Config;
use faxdroid_server::documents::render_pool::{RenderError, RenderPool};
use faxdroid_server::documents::uploads::Uploads;

use crate::support::files::{self, LETTER};
use crate::support::hostile;

/// A second is enough for a letter and short enough for a runaway.
fn pool() -> RenderPool {
    let settings = r#"
        [documents]
        cpu_limit = "1s"
        time_limit = "20s"
        memory_mib = 512
        conversions = 2
    "#;
    let mut config = Config::from_toml(settings).unwrap();
    config.documents.renderer = env!("CARGO_BIN_EXE_faxdroid-server").into();
    RenderPool::new(&config.documents)
}

/// Answers how many pages it became.
async fn convert(pool: &RenderPool, name: &str, bytes: Bytes) -> Result<u32, RenderError> {
    let uploads = Uploads::within(&std::env::temp_dir());
    let mut file = uploads.begin(name.to_owned()).await.unwrap();
    file.append(&bytes).await.unwrap();
    Ok(pool.convert(&mut [file], None, Limits::default(), &uploads).await?.pages)
}

#[tokio::test]
async fn fifty_good_files_convert_among_two_hundred_hostile_ones() {
    let pool = pool();
    let picture = files::png(600, 800);
    let good: [(&str, &[u8], u32); 3] =
        [("letter.pdf", LETTER, 3), ("picture.png", &picture, 1), ("note.txt", b"A line.\n", 1)];
    let (mut stopped, mut refused, mut converted) = (0, 0, 0);
    for number in 0..200_u32 {
        let (name, bytes) = hostile::file(number);
        match convert(&pool, &name, bytes).await {
            // Some damage leaves a page that can be read.
            Ok(_) => converted += 1,
            Err(RenderError::Document(_)) => refused += 1,
            Err(RenderError::TooComplex { .. } | RenderError::Crashed { .. }) => stopped += 1,
            Err(error @ (RenderError::NoWorker(_) | RenderError::NotKept(_))) => panic!("{name}: {error:?}"),
        }
        if number % 4 == 3 {
            let (name, bytes, pages) = good[number as usize / 4 % good.len()];
            let made = convert(&pool, name, Bytes::copy_from_slice(bytes)).await.unwrap();
            assert_eq!(made, pages, "{name} after {number} hostile files");
        }
    }
    println!("of 200 hostile files {stopped} were stopped, {refused} refused, {converted} gave pages");
    assert!(stopped >= 8 && refused >= 50, "{stopped} stopped, {refused} refused");
}

#[tokio::test]
async fn a_bomb_and_a_runaway_are_stopped_and_named() {
    let pool = pool();
    for (name, bytes) in [("bomb.pdf", hostile::inflating_pdf()), ("runaway.pdf", hostile::multiplying_pdf())]
    {
        let stopped = convert(&pool, name, bytes).await.err().unwrap();
        assert!(matches!(stopped, RenderError::TooComplex { .. }), "{name}: {stopped:?}");
    }
    assert_eq!(convert(&pool, "letter.pdf", LETTER.into()).await.unwrap(), 3);
}

#[tokio::test]
async fn conversions_at_the_same_time_do_not_meet() {
    let pool = pool();
    let bad = hostile::multiplying_pdf();
    let (first, second, third, fourth) = tokio::join!(
        convert(&pool, "letter.pdf", LETTER.into()),
        convert(&pool, "bad.pdf", bad.clone()),
        convert(&pool, "letter.pdf", LETTER.into()),
        convert(&pool, "bad.pdf", bad),
    );
    assert_eq!((first.unwrap(), third.unwrap()), (3, 3));
    assert!(second.is_err() && fourth.is_err());
}
