INSERT INTO identity (id, person, issuer, subject, label, connected) VALUES
    ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-000000000001', 'https://id.example', 'ada', 'Ada L.', 3);
INSERT INTO provider_flow (secret_hash, provider, aim, person, session, expires) VALUES
    (decode(repeat('61', 32), 'hex'), 'keycloak', 'log-in', NULL, NULL, 9000000000000000),
    (decode(repeat('62', 32), 'hex'), 'keycloak', 'connect', '00000000-0000-0000-0000-000000000001',
     decode(repeat('11', 32), 'hex'), 9000000000000000);
