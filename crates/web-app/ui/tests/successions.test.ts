import { expect, it } from 'vitest';
import type { Succession } from '../src/api/types';
import type { Reading } from '../src/lib/live';
import { mayFollow, merged, mergeReadings } from '../src/lib/successions';

const follow = (from: number, into: number, until: number | null = null): Succession => ({
  hub: 'h',
  socket: from,
  into_hub: 'h',
  into_socket: into,
  until,
});
const reading = (at: number, watts: number): Reading => ({ at, tickSeconds: 10, watts });

it('a merged socket belongs to the last one of its chain; a replaced one still speaks for itself', () => {
  expect([...merged([follow(0, 1), follow(1, 2), follow(3, 2, 900)])]).toEqual([['h:0', 'h:2'], ['h:1', 'h:2']]);
});

it('live readings of merged sockets are added up when they are of the same tick', () => {
  const readings = new Map([['h:0', reading(100, 5)], ['h:1', reading(100, 7)], ['h:2', reading(90, 1)]]);
  expect(mergeReadings(readings, [follow(0, 1)]).get('h:1')).toEqual(reading(100, 12));
  expect(mergeReadings(readings, [follow(2, 1)]).get('h:1')).toEqual(reading(100, 7));
  expect(mergeReadings(readings, [])).toBe(readings);
});

it('nothing follows itself, in a circle or twice', () => {
  const at = (socket: number): { hub: string; socket: number } => ({ hub: 'h', socket });
  expect(mayFollow([], at(0), at(0))).toBe(false);
  expect(mayFollow([follow(1, 0)], at(0), at(1))).toBe(false);
  expect(mayFollow([follow(0, 1)], at(0), at(2))).toBe(false);
  expect(mayFollow([follow(1, 2, 900)], at(0), at(1))).toBe(true);
});
