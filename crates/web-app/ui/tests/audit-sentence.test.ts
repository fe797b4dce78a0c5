import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../src/api/types';
import { audit as de } from '../src/i18n/de/people';
import { audit as en } from '../src/i18n/en/people';
import { auditSentence } from '../src/screens/settings/people/audit-sentence';

const said = (action: string, about: string, by: string | null = 'p-1', by_name: string | null = 'Ada'): string =>
  auditSentence({ action: action as AuditEntry['action'], about, by, by_name });

describe('what was done', () => {
  it('is a sentence for every action', () => {
    expect(said('household_founded', 'Home')).toBe('Ada created the home “Home”.');
    expect(said('settings_changed', '')).toBe('Ada changed the settings.');
    expect(said('hub_labelled', 'Cellar')).toBe('Ada changed names at the hub “Cellar”.');
    expect(said('hub_added', 'Cellar')).toBe('Ada added the hub “Cellar”.');
    expect(said('hub_released', 'Cellar')).toBe('Ada gave up the hub “Cellar”.');
    expect(said('member_invited', 'bob@example.org: guest')).toBe('Ada invited bob@example.org as a guest.');
    expect(said('invitation_withdrawn', 'bob@example.org')).toBe('Ada withdrew the invitation to bob@example.org.');
    // Of invitations that are over nobody's address is kept.
    expect(said('member_invited', ': guest')).toBe('Ada invited somebody as a guest.');
    expect(said('invitation_withdrawn', '')).toBe('Ada withdrew the invitation to somebody.');
    expect(said('member_joined', 'member')).toBe('Ada joined as a member.');
    expect(said('member_changed', 'Bob: the builder: owner')).toBe('Ada made Bob: the builder an owner.');
    expect(said('member_removed', 'Bob')).toBe('Ada removed Bob.');
    expect(said('member_left', 'Ada')).toBe('Ada left the home.');
    expect(said('token_made', 'Grafana')).toBe('Ada created the access token “Grafana”.');
    expect(said('token_deleted', 'Grafana')).toBe('Ada revoked the access token “Grafana”.');
    expect(said('archive_taken', '')).toBe('Ada downloaded the data of the home.');
  });
  it('has somebody who did it, also when they are gone or nobody was', () => {
    expect(said('settings_changed', '', 'p-2', null)).toBe('Somebody who has left changed the settings.');
    expect(said('settings_changed', '', null, null)).toBe('Wattline changed the settings.');
  });
  it('names nobody who is gone', () => {
    expect(said('member_removed', '')).toBe('Ada removed somebody who is gone.');
    expect(said('member_changed', ': owner')).toBe('Ada made somebody who is gone an owner.');
  });
  it('is never nothing, whatever a newer server writes down', () => {
    expect(said('hub_painted', 'Cellar')).toBe('Ada: hub painted Cellar');
    expect(said('member_invited', 'bob@example.org')).toBe('Ada invited bob@example.org as something.');
    expect(said('member_joined', 'captain')).toBe('Ada joined as something.');
  });
  it('has the same actions in both languages', () => {
    expect(Object.keys(de.sentences)).toEqual(Object.keys(en.sentences));
    for (const say of Object.values(de.sentences)) expect((say as (...a: string[]) => string)('Ada', 'X', 'Y')).toContain('Ada');
  });
});
