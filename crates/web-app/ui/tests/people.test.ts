import { describe, expect, it } from 'vitest';
import { endOfDay, lastDayOf } from '../src/lib/guest-days';
import { href, parseRoute } from '../src/lib/route';
import { zones } from '../src/lib/zones';
import { changeOf, dayFault } from '../src/screens/settings/people/role-choice';
import { modulePath } from '../src/screens/settings/you/qr-path';

const BERLIN = 'Europe/Berlin';

describe('the last day of a guest', () => {
  it('is a whole one by the clock of the home', () => {
    expect(endOfDay('2026-12-24', BERLIN)).toBe('2026-12-24T23:00:00.000Z');
    expect(lastDayOf('2026-12-24T23:00:00.000Z', BERLIN)).toBe('2026-12-24');
    // The day on which summer time ends has 25 hours.
    expect(lastDayOf(endOfDay('2026-10-25', BERLIN), BERLIN)).toBe('2026-10-25');
  });
  it('is within what the service takes, and only a guest has one', () => {
    const fault = (role: 'guest' | 'member', day: string): boolean => dayFault(role, day, '2026-11-24') !== '';
    expect(fault('guest', '')).toBe(false);
    expect(fault('guest', '2026-11-24')).toBe(false);
    expect(fault('guest', '2026-11-23')).toBe(true);
    expect(fault('guest', '2029-01-01')).toBe(true);
    expect(fault('member', '2020-01-01')).toBe(false);
    expect(changeOf('member', '2026-12-24', BERLIN)).toEqual({ role: 'member', until: null });
    expect(changeOf('guest', '2026-12-24', BERLIN)).toEqual({ role: 'guest', until: '2026-12-24T23:00:00.000Z' });
  });
});

describe('addresses', () => {
  it('of letters and of those outside lead there and back', () => {
    for (const path of ['/sign-up', '/forgotten', '/welcome', '/confirm', '/new-password', '/invitation']) {
      expect(parseRoute(path, '')).toEqual({ screen: 'outside', page: path.slice(1) });
      expect(href(parseRoute(path, ''))).toBe(path);
    }
  });
  it('of the parts of the settings do too', () => {
    for (const path of ['/settings', '/settings/alerts', '/settings/hubs', '/settings/people', '/settings/you']) {
      expect(href(parseRoute(path, ''))).toBe(path);
    }
  });
});

it('a picture for cameras is drawn run by run', () => {
  expect(modulePath([[true, true, false, true], [false, false, false, false], [false, true, true, true]])).toBe(
    'M0 0h2v1H0zM3 0h1v1H3zM1 2h3v1H1z',
  );
});

it('time zones are in order, with those in use', () => {
  const all = zones('Europe/Berlin', 'Mars/Base');
  expect(all).toContain('Mars/Base');
  expect(all.filter((zone) => zone === 'Europe/Berlin')).toHaveLength(1);
  expect([...all].sort()).toEqual(all);
});
