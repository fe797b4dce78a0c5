import { describe, expect, it } from 'vitest';
import type { Household } from '../src/api/types';
import { HIDDEN, homeOf, layersOf, partsOf, roomName } from '../src/lib/parts';
import { usageOf } from './usage';

const rows = Array.from({ length: 12 }, (_, socket) => Array.from({ length: 4 }, (_, i) => (socket + 1) * 10 + i));
const usage = usageOf(rows);
const rooms = ['Kitchen', 'Study', 'Hall', null];
const household: Household = {
  id: 'home',
  until: null,
  name: 'Home',
  zone: 'UTC',
  role: 'owner',
  hubs: [
    {
      id: 'hub',
      name: 'Hub',
      sockets: rows.map((_, number) => ({
        number,
        name: `Socket ${number}`,
        room: rooms[number % 4] ?? null,
        icon: null,
        hidden: number === 11 || number === 3,
      })),
    },
  ],
};
const home = homeOf(household);
const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, j) => all + (j ?? 0), 0);

describe('rows by socket', () => {
  const parts = partsOf(usage, 'socket', home);
  it('fold what is hidden into one, at the end', () => {
    expect(parts.at(-1)).toMatchObject({ key: HIDDEN, sockets: ['hub:3', 'hub:11'] });
    expect(parts).toHaveLength(11);
  });
  it('add up to the whole home', () => {
    expect(sum(parts.map((part) => part.total))).toBe(usage.total.total_j);
  });
});

describe('rows by room', () => {
  const parts = partsOf(usage, 'room', home);
  it('are the rooms, those without one, and what is hidden', () => {
    expect(parts.map((part) => part.key)).toEqual(['room:Hall', 'room:Study', 'room:Kitchen', 'room:', HIDDEN]);
    expect(parts.map((part) => roomName(part.key)).slice(0, 4)).toEqual(['Hall', 'Study', 'Kitchen', null]);
  });
  it('add up to the whole home, bucket by bucket', () => {
    for (let i = 0; i < 4; i++) expect(sum(parts.map((part) => part.values[i] ?? null))).toBe(usage.total.energy_j[i]);
  });
});

describe('layers of the rows', () => {
  it('are at most seven, and what is hidden has never a colour of its own', () => {
    const layers = layersOf(partsOf(usage, 'socket', home));
    expect(layers).toHaveLength(7);
    expect(layers.at(-1)).toMatchObject({ key: null, color: 6 });
    expect(layers.at(-1)?.members).toContain(HIDDEN);
    const few = layersOf(partsOf(usageOf(rows.slice(0, 4)), 'socket', home));
    expect(few.map((layer) => layer.key)).toEqual(['hub:2', 'hub:1', 'hub:0', null]);
  });
  it('have a total that is the whole home', () => {
    expect(sum(layersOf(partsOf(usage, 'room', home)).map((layer) => layer.total))).toBe(usage.total.total_j);
  });
});
