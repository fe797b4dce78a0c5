import { describe, expect, it } from 'vitest';
import type { Mute } from '../src/api/types';
import { alertRoute, endedByDay, firstOf, holds, muteOf, withMute } from '../src/lib/alerts';
import { href, parseRoute } from '../src/lib/route';
import { alert, at, ZONE } from './alert';

const mute = (parts: Partial<Mute>): Mute => ({ kind: null, hub: null, socket: null, until: null, ...parts });

describe('what is over', () => {
  const open = alert({ id: 'open' });
  const early = alert({ id: 'early', ended: at('2026-11-22T12:00') });
  const late = alert({ id: 'late', ended: at('2026-11-22T23:59') });
  const next = alert({ id: 'next', ended: at('2026-11-23T00:00') });
  const days = endedByDay([open, early, next, late], ZONE);
  const names = (all: typeof days): string[][] => all.map(({ day, alerts }) => [day, ...alerts.map((one) => one.id)]);

  it('stands under the day on which it ended, the last first', () => {
    expect(names(days)).toEqual([['2026-11-23', 'next'], ['2026-11-22', 'late', 'early']]);
  });
  it('is cut off after some, even within a day', () => {
    expect(names(firstOf(days, 2))).toEqual([['2026-11-23', 'next'], ['2026-11-22', 'late']]);
    expect(firstOf(days, 9)).toEqual(days);
    expect(names(firstOf(days, 1))).toEqual([['2026-11-23', 'next']]);
  });
});

describe('mutes', () => {
  const subject = alert({ kind: 'unusual', hub: 'h', socket: 3 });
  it('hold for what they name, until their end', () => {
    const its = mute({ kind: 'unusual', hub: 'h', until: 100 });
    expect(muteOf([its], subject, 99)).toBe(its);
    expect(muteOf([its], subject, 100)).toBe(null);
    expect(muteOf([its], alert({ kind: 'left_on', hub: 'h', socket: 3 }), 0)).toBe(null);
    expect(muteOf([its], alert({ kind: 'unusual', hub: 'other', socket: 3 }), 0)).toBe(null);
    expect(muteOf([mute({ hub: 'h', socket: 4 })], subject, 0)).toBe(null);
  });
  it('are told by the one that lasts longest', () => {
    const [short, long, ever] = [mute({ until: 50 }), mute({ until: 90 }), mute({ kind: 'unusual' })];
    expect(muteOf([short, long], subject, 0)).toBe(long);
    expect(muteOf([long, ever, short], subject, 0)).toBe(ever);
  });
  it('for the same take each other’s place, and those that are over go', () => {
    const [over, other, same] = [mute({ until: 5 }), mute({ kind: 'budget' }), mute({ kind: 'unusual', hub: 'h', socket: 3, until: 20 })];
    expect(holds(over, 5)).toBe(false);
    const fresh = mute({ kind: 'unusual', hub: 'h', socket: 3, until: 99 });
    expect(withMute([over, same, other], subject, 99, 10)).toEqual([other, fresh]);
  });
});

describe('addresses', () => {
  it('of an alert lead to where more of it is to be seen', () => {
    const where = (parts: Parameters<typeof alert>[0]): string | null => {
      const route = alertRoute(alert(parts), ZONE);
      return route === null ? null : href(route);
    };
    // Half past midnight where the home is, and still the day before in UTC.
    const began = at('2026-11-22T00:30');
    expect(where({ kind: 'unusual', hub: 'h', socket: 3, began })).toBe('/history/day/2026-11-22?socket=h:3');
    expect(where({ kind: 'left_on', hub: 'h', socket: 3, began })).toBe('/history/day/2026-11-22?socket=h:3');
    expect(where({ kind: 'socket_silent', hub: 'h', socket: 3 })).toBe('/sockets/h:3');
    expect(where({ kind: 'budget', hub: null, socket: null })).toBe('/costs');
    expect(where({ kind: 'hub_offline', hub: 'h', socket: null })).toBe(null);
  });
  it('of the screen and of its settings are known', () => {
    for (const path of ['/alerts', '/settings', '/settings/alerts']) expect(href(parseRoute(path, ''))).toBe(path);
    expect(parseRoute('/settings/other', '')).toEqual({ screen: 'settings', section: null });
  });
});
