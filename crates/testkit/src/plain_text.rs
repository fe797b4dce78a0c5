//! What every binary says of addresses at which others could listen.

/// A key of the configuration, a value that is plain text to or for another machine, and one that is safe.
pub type Address<'a> = (&'a str, &'a str, &'a str);

/// Plain text to and for other machines is refused, with the key named and without what is secret in it, unless the
/// configuration says that the network is safe.
///
/// `faults` loads the settings from variables of the environment and gives what is wrong with them; `own` are those, less
/// their prefix, that it takes besides.
///
/// # Panics
/// When it is otherwise.
pub fn is_refused(
    faults: impl Fn(Vec<(String, String)>) -> Vec<String>,
    own: &[(&str, &str)],
    addresses: &[Address<'_>],
) {
    let faults = |variables: &[(&str, &str)]| {
        let variable = |&(name, value): &(&str, &str)| (format!("WATTLINE__{name}"), value.to_owned());
        faults(own.iter().chain(variables).map(variable).collect())
    };
    assert!(faults(&[]).is_empty(), "{:?}", faults(&[]));
    for &(key, plain, safe) in addresses {
        let variable = key.to_uppercase().replace('.', "__");
        let said = faults(&[(&variable, plain)]);
        assert!(
            said.len() == 1 && said[0].starts_with(&format!("{key}: ")) && said[0].contains("tls.plain_text"),
            "{said:?}"
        );
        assert!(!said[0].contains("hush"), "{said:?}");
        assert!(faults(&[(&variable, plain), ("TLS__PLAIN_TEXT", "anywhere")]).is_empty(), "{key}");
        assert!(faults(&[(&variable, safe)]).is_empty(), "{key}: {:?}", faults(&[(&variable, safe)]));
    }
}
