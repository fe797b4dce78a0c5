//! What every store of second factors has to keep.

use std::time::Duration;

use domain::PersonId;
use domain::accounts::{Accounts, AccountsError};
use domain::second_factor::{SecondFactor, SecondFactors};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::people::{nobody, person};

/// No single case may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
const STEP: i64 = 60_000_000;

/// Runs every case. The cases do not get in one another's way, so one store serves them all.
pub async fn run_all(store: &(impl Accounts + SecondFactors)) {
    macro_rules! run {
        ($($case:ident),* $(,)?) => {
            $(timeout(PATIENCE, $case(store)).await.expect(concat!(stringify!($case), " took too long"));)*
        };
    }
    run!(
        what_is_begun_is_not_confirmed,
        what_was_never_confirmed_is_begun_anew,
        a_confirmed_one_stays,
        what_is_not_begun_is_not_confirmed,
        only_the_secret_that_was_shown_is_confirmed,
        a_wrong_recovery_code_confirms_nothing,
        of_many_who_confirm_one_does,
        the_code_that_confirmed_is_used_up,
        a_code_is_used_once_and_none_before_it,
        of_many_who_use_a_code_one_may,
        before_it_is_confirmed_no_code_is_good,
        a_recovery_code_is_used_once,
        of_many_who_use_a_recovery_code_one_may,
        others_have_other_recovery_codes,
        what_is_removed_is_gone,
        after_a_removal_it_begins_anew,
        a_second_factor_needs_a_person,
    );
}

fn secret() -> Vec<u8> {
    // As long as a sealed one.
    rand::random::<[u8; 49]>().to_vec()
}

fn codes<const N: usize>() -> [[u8; 32]; N] {
    std::array::from_fn(|_| rand::random())
}

/// Somebody who has begun.
async fn begun(store: &(impl Accounts + SecondFactors)) -> (PersonId, Vec<u8>) {
    let (ada, secret) = (person(store, "Ada").await.id, secret());
    assert!(store.begin_second_factor(ada, &secret).await.unwrap());
    (ada, secret)
}

/// Somebody who is asked for codes, the last one used being that of [`STEP`].
async fn confirmed(store: &(impl Accounts + SecondFactors), codes: &[[u8; 32]]) -> (PersonId, Vec<u8>) {
    let (ada, secret) = begun(store).await;
    assert!(store.confirm_second_factor(ada, &secret, STEP, codes).await.unwrap());
    (ada, secret)
}

async fn codes_left(store: &impl SecondFactors, person: PersonId) -> u32 {
    store.second_factor(person).await.unwrap().unwrap().recovery_codes
}

async fn what_is_begun_is_not_confirmed(store: &(impl Accounts + SecondFactors)) {
    let ada = person(store, "Ada").await.id;
    assert_eq!(store.second_factor(ada).await.unwrap(), None);
    let (ada, secret) = begun(store).await;
    let factor = SecondFactor { secret, confirmed: false, recovery_codes: 0, first_step: None };
    assert_eq!(store.second_factor(ada).await.unwrap(), Some(factor));
}

async fn what_was_never_confirmed_is_begun_anew(store: &(impl Accounts + SecondFactors)) {
    let ((ada, _), (bob, kept)) = (begun(store).await, begun(store).await);
    let later = secret();
    assert!(store.begin_second_factor(ada, &later).await.unwrap());
    assert_eq!(store.second_factor(ada).await.unwrap().unwrap().secret, later);
    assert_eq!(store.second_factor(bob).await.unwrap().unwrap().secret, kept);
}

async fn a_confirmed_one_stays(store: &(impl Accounts + SecondFactors)) {
    let (ada, secret_of_ada) = confirmed(store, &codes::<8>()).await;
    let factor = SecondFactor {
        secret: secret_of_ada.clone(),
        confirmed: true,
        recovery_codes: 8,
        first_step: Some(STEP),
    };
    assert_eq!(store.second_factor(ada).await.unwrap().as_ref(), Some(&factor));
    assert!(!store.begin_second_factor(ada, &secret()).await.unwrap());
    assert!(!store.confirm_second_factor(ada, &secret_of_ada, STEP + 1, &codes::<2>()).await.unwrap());
    assert_eq!(store.second_factor(ada).await.unwrap(), Some(factor));
    // The step was not taken for used.
    assert!(store.use_step(ada, STEP + 1).await.unwrap());
}

async fn what_is_not_begun_is_not_confirmed(store: &(impl Accounts + SecondFactors)) {
    for person in [person(store, "Ada").await.id, nobody()] {
        assert!(!store.confirm_second_factor(person, &secret(), STEP, &codes::<2>()).await.unwrap());
        assert_eq!(store.second_factor(person).await.unwrap(), None);
    }
}

async fn only_the_secret_that_was_shown_is_confirmed(store: &(impl Accounts + SecondFactors)) {
    let (ada, first) = begun(store).await;
    let later = secret();
    // Between the look at a code and its confirmation.
    assert!(store.begin_second_factor(ada, &later).await.unwrap());
    assert!(!store.confirm_second_factor(ada, &first, STEP, &codes::<2>()).await.unwrap());
    assert!(!store.second_factor(ada).await.unwrap().unwrap().confirmed);
    assert!(store.confirm_second_factor(ada, &later, STEP, &codes::<2>()).await.unwrap());
}

async fn a_wrong_recovery_code_confirms_nothing(store: &(impl Accounts + SecondFactors)) {
    let (ada, secret) = begun(store).await;
    let [code, other] = codes();
    let refused = store.confirm_second_factor(ada, &secret, STEP, &[code, other, code]).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
    let factor = store.second_factor(ada).await.unwrap().unwrap();
    assert_eq!((factor.confirmed, factor.recovery_codes), (false, 0));
    assert!(!store.use_recovery_code(ada, &code).await.unwrap());
    assert!(store.confirm_second_factor(ada, &secret, STEP, &[code, other]).await.unwrap());
}

async fn of_many_who_confirm_one_does(store: &(impl Accounts + SecondFactors)) {
    let (ada, secret) = begun(store).await;
    let secret = &secret;
    let wishes =
        (0..8).map(|_| async move { store.confirm_second_factor(ada, secret, STEP, &codes::<3>()).await });
    let done = join_all(wishes).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
    assert_eq!((done, codes_left(store, ada).await), (1, 3));
}

async fn the_code_that_confirmed_is_used_up(store: &(impl Accounts + SecondFactors)) {
    let (ada, _) = confirmed(store, &[]).await;
    assert!(!store.use_step(ada, STEP - 1).await.unwrap());
    assert!(!store.use_step(ada, STEP).await.unwrap());
    assert!(store.use_step(ada, STEP + 1).await.unwrap());
}

async fn a_code_is_used_once_and_none_before_it(store: &(impl Accounts + SecondFactors)) {
    let ((ada, _), (bob, _)) = (confirmed(store, &[]).await, confirmed(store, &[]).await);
    for (step, good) in [(5, true), (5, false), (4, false), (1, false), (6, true)] {
        assert_eq!(store.use_step(ada, STEP + step).await.unwrap(), good, "{step}");
    }
    assert!(store.use_step(bob, STEP + 1).await.unwrap());
}

async fn of_many_who_use_a_code_one_may(store: &(impl Accounts + SecondFactors)) {
    let (ada, _) = confirmed(store, &[]).await;
    let uses = (0..8).map(|_| async { store.use_step(ada, STEP + 1).await.unwrap() });
    assert_eq!(join_all(uses).await.into_iter().filter(|good| *good).count(), 1);
}

async fn before_it_is_confirmed_no_code_is_good(store: &(impl Accounts + SecondFactors)) {
    let (ada, _) = begun(store).await;
    for person in [ada, person(store, "Bob").await.id, nobody()] {
        assert!(!store.use_step(person, STEP).await.unwrap());
        assert!(!store.use_recovery_code(person, &[0; 32]).await.unwrap());
    }
}

async fn a_recovery_code_is_used_once(store: &(impl Accounts + SecondFactors)) {
    let [first, second] = codes();
    let (ada, _) = confirmed(store, &[first, second]).await;
    assert!(!store.use_recovery_code(ada, &rand::random()).await.unwrap());
    assert_eq!(codes_left(store, ada).await, 2);
    assert!(store.use_recovery_code(ada, &first).await.unwrap());
    assert!(!store.use_recovery_code(ada, &first).await.unwrap());
    assert_eq!(codes_left(store, ada).await, 1);
    assert!(store.use_recovery_code(ada, &second).await.unwrap());
    assert_eq!(codes_left(store, ada).await, 0);
}

async fn of_many_who_use_a_recovery_code_one_may(store: &(impl Accounts + SecondFactors)) {
    let [code, other] = codes();
    let (ada, _) = confirmed(store, &[code, other]).await;
    let uses = (0..8).map(|_| async { store.use_recovery_code(ada, &code).await.unwrap() });
    assert_eq!(join_all(uses).await.into_iter().filter(|good| *good).count(), 1);
    assert_eq!(codes_left(store, ada).await, 1);
}

async fn others_have_other_recovery_codes(store: &(impl Accounts + SecondFactors)) {
    let ([of_ada], [of_bob]) = (codes(), codes());
    let ((ada, _), (bob, _)) = (confirmed(store, &[of_ada]).await, confirmed(store, &[of_bob]).await);
    assert!(!store.use_recovery_code(bob, &of_ada).await.unwrap());
    assert!(store.use_recovery_code(ada, &of_ada).await.unwrap());
    assert_eq!(codes_left(store, bob).await, 1);
}

async fn what_is_removed_is_gone(store: &(impl Accounts + SecondFactors)) {
    let ([of_ada], [of_bob]) = (codes(), codes());
    let ((ada, _), (bob, _)) = (confirmed(store, &[of_ada]).await, confirmed(store, &[of_bob]).await);
    let (begun, _) = begun(store).await;
    for person in [ada, begun] {
        assert!(store.remove_second_factor(person).await.unwrap());
        assert!(!store.remove_second_factor(person).await.unwrap());
        assert_eq!(store.second_factor(person).await.unwrap(), None);
    }
    assert!(!store.use_step(ada, STEP + 1).await.unwrap());
    assert!(!store.use_recovery_code(ada, &of_ada).await.unwrap());
    assert!(store.use_recovery_code(bob, &of_bob).await.unwrap());
    assert!(!store.remove_second_factor(nobody()).await.unwrap());
}

async fn after_a_removal_it_begins_anew(store: &(impl Accounts + SecondFactors)) {
    let [old, new] = codes();
    let (ada, _) = confirmed(store, &[old]).await;
    store.remove_second_factor(ada).await.unwrap();
    let again = secret();
    assert!(store.begin_second_factor(ada, &again).await.unwrap());
    let factor =
        SecondFactor { secret: again.clone(), confirmed: false, recovery_codes: 0, first_step: None };
    assert_eq!(store.second_factor(ada).await.unwrap(), Some(factor));
    // Another secret has other codes: an earlier step is as good as any.
    assert!(store.confirm_second_factor(ada, &again, STEP - 5, &[new]).await.unwrap());
    assert!(store.use_step(ada, STEP - 4).await.unwrap());
    assert!(!store.use_recovery_code(ada, &old).await.unwrap());
}

async fn a_second_factor_needs_a_person(store: &(impl Accounts + SecondFactors)) {
    let refused = store.begin_second_factor(nobody(), &secret()).await;
    assert!(matches!(refused, Err(AccountsError::Refused { .. })), "{refused:?}");
}
