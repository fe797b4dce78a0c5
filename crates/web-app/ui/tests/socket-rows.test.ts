import { describe, expect, it } from 'vitest';
import type { Household, SocketFacts, SocketsAnswer } from '../src/api/types';
import { hiddenKeys, relabel, roomsOf } from '../src/lib/labels';
import { arrange, stateOf } from '../src/lib/socket-rows';
import { describe as describeSockets } from '../src/lib/sockets';

const socket = (number: number, name: string, room: string | null, hidden = false): Household['hubs'][number]['sockets'][number] => ({
  number,
  name,
  room,
  icon: 'plug',
  hidden,
});
const household: Household = {
  id: 'home',
  until: null,
  name: 'Home',
  zone: 'Europe/Berlin',
  role: 'owner',
  hubs: [
    {
      id: 'h',
      name: 'Hub',
      sockets: [
        socket(0, 'Lamp', 'Hall'),
        socket(1, 'Fridge', 'Kitchen'),
        socket(2, 'Kettle', 'Kitchen'),
        socket(3, 'Spare', null),
        socket(4, 'Tree', 'Hall', true),
      ],
    },
  ],
};
const facts = (number: number, cost: number | null, standby: number): SocketFacts => ({
  hub: 'h',
  socket: number,
  first_seen: 0,
  last_seen: 0,
  standby_w: standby,
  standby_year_n: null,
  energy_30d_j: 0,
  coverage_30d: 1,
  cost_30d_n: null,
  energy_year_j: number * 100,
  coverage_year: 1,
  cost_year_n: cost,
  peak_30d_w: null,
});
const answer: SocketsAnswer = { currency: 'EUR', days: 365, sockets: [facts(0, 50, 9), facts(1, 30, 0), facts(2, 40, 1), facts(4, 99, 0)] };
const infos = describeSockets(household, [], (number) => `Socket ${number}`);
const names = (sort: 'cost' | 'standby' | 'name', told: SocketsAnswer | null = answer): string[] =>
  arrange(infos, household, told, [], sort).rooms.map((room) => `${room.name ?? '-'}: ${room.sockets.map((one) => one.name).join(', ')}`);

describe('the list of sockets', () => {
  it('has the most of what one sorts by first, in rooms and among them; no room comes last', () => {
    expect(names('cost')).toEqual(['Kitchen: Kettle, Fridge', 'Hall: Lamp', '-: Spare']);
    expect(names('standby')).toEqual(['Hall: Lamp', 'Kitchen: Kettle, Fridge', '-: Spare']);
    expect(names('name')).toEqual(['Hall: Lamp', 'Kitchen: Fridge, Kettle', '-: Spare']);
  });
  it('leaves hidden and merged ones for the end', () => {
    const arranged = arrange(infos, household, answer, [{ hub: 'h', socket: 2, into_hub: 'h', into_socket: 1, until: null }], 'cost');
    expect(arranged.hidden.map((one) => one.name)).toEqual(['Kettle', 'Tree']);
    expect(arranged.rooms.find((room) => room.name === 'Kitchen')?.cost).toBe(30);
  });
  it('has no cost where no tariff was valid', () => {
    const free = { ...answer, sockets: [facts(1, null, 0)] };
    expect(arrange(infos, household, free, [], 'cost').rooms[0]).toMatchObject({ name: 'Kitchen', cost: null, joules: 100 });
  });
});

it('a socket is on, idle or silent', () => {
  const readings = new Map([['h:0', { at: 90, tickSeconds: 10, watts: 60 }], ['h:1', { at: 90, tickSeconds: 10, watts: 1 }]]);
  expect(stateOf(readings, 'h:0', 100)).toEqual({ doing: 'on', watts: 60 });
  expect(stateOf(readings, 'h:1', 100).doing).toBe('idle');
  expect(stateOf(readings, 'h:0', 1000).doing).toBe('silent');
  expect(stateOf(readings, 'h:2', 100).doing).toBe('silent');
});

it('rooms are those of the labels, and hidden sockets are known by key', () => {
  expect(roomsOf(household)).toEqual(['Hall', 'Kitchen']);
  expect([...hiddenKeys(household, [])]).toEqual(['h:4']);
});

it('a label is changed among the others, or added in its place', () => {
  const labels = { name: 'Hub', sockets: [socket(0, 'Lamp', null), socket(2, 'Kettle', null)] };
  const wanted = { name: 'Fridge', room: 'Kitchen', icon: 'fridge', hidden: false };
  expect(relabel(labels, { socket: 1 }, wanted).sockets.map((one) => one.name)).toEqual(['Lamp', 'Fridge', 'Kettle']);
  expect(relabel(labels, { socket: 0 }, wanted).sockets.map((one) => one.name)).toEqual(['Fridge', 'Kettle']);
});
