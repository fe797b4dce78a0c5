use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use domain::Ticks;
use domain::measurement::{MeasurementStore, StoreError};
use write_service::Prepared;

fn missing() -> StoreError {
    StoreError::Unavailable {
        operation: "writing",
        reason: "database not found".to_owned(),
        retry_after: None,
    }
}

/// Takes writes while its database is there.
struct Database(Arc<AtomicBool>);

#[async_trait]
impl MeasurementStore for Database {
    async fn write(&self, _: Ticks<'_>) -> Result<(), StoreError> {
        if self.0.load(Ordering::SeqCst) { Ok(()) } else { Err(missing()) }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn what_a_store_needs_is_made_before_the_first_write_and_again_when_it_is_gone() {
    let exists = Arc::new(AtomicBool::new(false));
    let made = Arc::new(AtomicU32::new(0));
    let store = Prepared::new(Database(exists.clone()), {
        let (exists, made) = (exists.clone(), made.clone());
        move || {
            let (exists, made) = (exists.clone(), made.clone());
            async move {
                // The first time nobody is there yet.
                if made.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err(missing());
                }
                exists.store(true, Ordering::SeqCst);
                Ok(())
            }
        }
    });
    assert!(store.ready().await.is_err());
    for _ in 0..3 {
        store.write_containers(&[]).await.unwrap();
    }
    assert_eq!(made.load(Ordering::SeqCst), 2);

    exists.store(false, Ordering::SeqCst);
    assert!(store.write_containers(&[]).await.is_err());
    store.write_containers(&[]).await.unwrap();
    assert_eq!(made.load(Ordering::SeqCst), 3);
}
