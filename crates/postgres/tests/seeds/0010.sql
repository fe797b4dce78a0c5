INSERT INTO audit_entry (household, at, by, action, about) VALUES
    ('00000000-0000-0000-0000-0000000000a1', 3, '00000000-0000-0000-0000-000000000001', 'member_invited',
     '33333333-3333-3333-3333-333333333333: member');
