use domain::UtcMillis;
use domain::alerts::{AlertKey, AlertKind, Channel, Letter, LetterId, Outcome};
use futures_util::future::join_all;

use super::{Homes, alert, at, household, letter, some_hub};

/// Letters of these times. They are in nobody's way once [`forget`] had them.
async fn written(homes: &dyn Homes, times: impl IntoIterator<Item = UtcMillis>) -> Vec<Letter> {
    let home = household(homes).await;
    let letters: Vec<Letter> = times.into_iter().map(|created| letter(home, created)).collect();
    send(homes, &letters).await;
    letters
}

async fn send(homes: &dyn Homes, letters: &[Letter]) {
    let alert = alert(letters[0].household, AlertKey::hub(AlertKind::HubOffline, some_hub()), at(0));
    assert!(homes.raise(&[alert], letters).await.unwrap());
}

async fn forget(homes: &dyn Homes, letters: &[Letter]) {
    for letter in letters {
        homes.settle_letter(letter.id, Outcome::Done).await.unwrap();
    }
}

/// What is due at `now`, until `lease`.
async fn take(homes: &dyn Homes, now: i64, lease: i64) -> Vec<Letter> {
    homes.take_letters(at(now), at(lease), 100).await.unwrap()
}

fn taken(letter: &Letter, attempts: u32) -> Letter {
    Letter { attempts, ..letter.clone() }
}

pub(super) async fn a_letter_comes_as_it_was_written(homes: &dyn Homes) {
    let home = household(homes).await;
    let webhook = Letter {
        channel: Channel::Webhook,
        to: "https://example.org/?a=b".to_owned(),
        subject: String::new(),
        body: "{\"kind\":\"left_on\"}".to_owned(),
        ..letter(home, at(1))
    };
    let letters = [letter(home, at(0)), webhook];
    send(homes, &letters).await;
    assert_eq!(take(homes, 1, 9).await, letters.clone().map(|letter| taken(&letter, 1)));
    forget(homes, &letters).await;
}

pub(super) async fn a_letter_is_taken_when_it_is_due(homes: &dyn Homes) {
    let letters = written(homes, [at(10)]).await;
    assert_eq!(take(homes, 9, 99).await, []);
    assert_eq!(take(homes, 10, 99).await, [taken(&letters[0], 1)]);
    forget(homes, &letters).await;
}

pub(super) async fn those_due_for_longest_come_first(homes: &dyn Homes) {
    let letters = written(homes, [3, 1, 4, 0, 5].map(at)).await;
    let few = async |limit| homes.take_letters(at(9), at(99), limit).await.unwrap();
    assert_eq!(few(0).await, []);
    assert_eq!(few(2).await, [taken(&letters[3], 1), taken(&letters[1], 1)]);
    // Which is not the order in which they were written.
    homes.settle_letter(letters[3].id, Outcome::Again(at(4))).await.unwrap();
    homes.settle_letter(letters[0].id, Outcome::Again(at(7))).await.unwrap();
    homes.settle_letter(letters[4].id, Outcome::Again(at(2))).await.unwrap();
    homes.settle_letter(letters[2].id, Outcome::Again(at(6))).await.unwrap();
    let expected = [taken(&letters[4], 1), taken(&letters[3], 2), taken(&letters[2], 1)];
    assert_eq!(few(3).await, expected);
    assert_eq!(few(3).await, [taken(&letters[0], 1)]);
    forget(homes, &letters).await;
}

pub(super) async fn until_the_lease_nobody_else_gets_it(homes: &dyn Homes) {
    let letters = written(homes, [at(0)]).await;
    assert_eq!(take(homes, 0, 10).await, [taken(&letters[0], 1)]);
    assert_eq!(take(homes, 9, 20).await, []);
    assert_eq!(take(homes, 10, 20).await, [taken(&letters[0], 2)]);
    assert_eq!(take(homes, 19, 30).await, []);
    assert_eq!(take(homes, 25, 30).await, [taken(&letters[0], 3)]);
    forget(homes, &letters).await;
}

pub(super) async fn what_is_done_is_forgotten(homes: &dyn Homes) {
    let letters = written(homes, [at(0), at(1)]).await;
    assert_eq!(take(homes, 1, 10).await.len(), 2);
    homes.settle_letter(letters[0].id, Outcome::Done).await.unwrap();
    // Again, and one that never was: that too is as it should be.
    homes.settle_letter(letters[0].id, Outcome::Done).await.unwrap();
    homes.settle_letter(letters[0].id, Outcome::Again(at(2))).await.unwrap();
    homes.settle_letter(LetterId::from_bytes(rand::random()), Outcome::Again(at(2))).await.unwrap();
    assert_eq!(take(homes, 10, 20).await, [taken(&letters[1], 2)]);
    forget(homes, &letters).await;
    assert_eq!(take(homes, 9_999, 10_000).await, []);
}

pub(super) async fn what_failed_is_taken_again_then(homes: &dyn Homes) {
    let letters = written(homes, [at(0)]).await;
    assert_eq!(take(homes, 0, 10).await.len(), 1);
    homes.settle_letter(letters[0].id, Outcome::Again(at(50))).await.unwrap();
    assert_eq!(take(homes, 49, 60).await, []);
    assert_eq!(take(homes, 50, 60).await, [taken(&letters[0], 2)]);
    // Before the lease is over, too.
    homes.settle_letter(letters[0].id, Outcome::Again(at(51))).await.unwrap();
    assert_eq!(take(homes, 51, 60).await, [taken(&letters[0], 3)]);
    forget(homes, &letters).await;
}

pub(super) async fn of_many_who_take_at_once_no_two_get_the_same(homes: &dyn Homes) {
    let letters = written(homes, (0..40).map(at)).await;
    let takes = (0..8).map(|_| homes.take_letters(at(100), at(200), 10));
    let mut got: Vec<Letter> = join_all(takes).await.into_iter().flat_map(Result::unwrap).collect();
    // Who came while others were taking theirs may have got fewer.
    got.extend(take(homes, 100, 200).await);
    got.sort_by_key(|letter| letter.created);
    assert_eq!(got, letters.iter().map(|letter| taken(letter, 1)).collect::<Vec<_>>());
    forget(homes, &letters).await;
}
