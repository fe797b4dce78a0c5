import { describe, expect, it } from 'vitest';
import { parseTick } from '../src/api/live';
import { applyTick, emptyLive, homeWatts, isSilent, seed, type LiveState } from '../src/lib/live';
import { usageOf } from './usage';

const tick = (at: number, energy_j: Record<string, number>, hub = 'a') => ({ hub, at, tick_s: 10, energy_j });
const after = (...ticks: ReturnType<typeof tick>[]): LiveState => ticks.reduce(applyTick, emptyLive);

describe('live readings', () => {
  it('sum the sockets of all hubs', () => {
    const state = after(tick(100, { 0: 118, 7: 32 }), tick(100, { 0: 1000 }, 'b'));
    expect(homeWatts(state.readings, 110)).toBe(115);
  });
  it('leave out a socket that has been silent for longer than a quiet hub, and three ticks', () => {
    const state = after(tick(100, { 0: 100, 1: 500 }), tick(160, { 0: 100 }));
    expect(homeWatts(state.readings, 170)).toBe(60);
    expect(homeWatts(state.readings, 171)).toBe(10);
    const reading = state.readings.get('a:1');
    expect(reading && isSilent(reading, 171)).toBe(true);
  });
  it('are unknown, not zero, when every socket is silent', () => {
    expect(homeWatts(after(tick(100, { 0: 100 })).readings, 1000)).toBeNull();
    expect(homeWatts(emptyLive.readings, 0)).toBeNull();
  });
  it('do not change when a tick comes twice', () => {
    const once = after(tick(100, { 0: 100 }));
    expect(applyTick(once, tick(100, { 0: 100 }))).toBe(once);
  });
  it('keep the newest reading when ticks come out of order', () => {
    const state = after(tick(110, { 0: 200 }), tick(100, { 0: 900 }));
    expect(state.readings.get('a:0')?.watts).toBe(20);
  });
  it('take a corrected tick of the same time', () => {
    expect(after(tick(100, { 0: 100 }), tick(100, { 0: 150 })).readings.get('a:0')?.watts).toBe(15);
  });
  it('remember the last hour of the whole home', () => {
    const many = Array.from({ length: 500 }, (_, i) => tick(i * 10, { 0: 100 + i }));
    const { history } = after(...many);
    expect(history).toHaveLength(360);
    expect(history.at(-1)).toEqual({ at: 4990, seconds: 10, watts: 59.9 });
  });
});

describe('changes', () => {
  it('name what rose and fell by much, newest first', () => {
    const state = after(tick(0, { 0: 10, 1: 900 }), tick(10, { 0: 19_010, 1: 905 }), tick(20, { 0: 19_000, 1: 0 }));
    expect(state.changes).toEqual([
      { key: 'a:1', at: 20, delta: -90.5 },
      { key: 'a:0', at: 10, delta: 1900 },
    ]);
  });
  it('join the two steps of an appliance that starts within a tick', () => {
    const state = after(tick(0, { 0: 0 }), tick(10, { 0: 9000 }), tick(20, { 0: 19_000 }));
    expect(state.changes).toEqual([{ key: 'a:0', at: 10, delta: 1900 }]);
  });
  it('say nothing of a socket that was silent in between', () => {
    expect(after(tick(0, { 0: 0 }), tick(900, { 0: 19_000 })).changes).toEqual([]);
  });
});

it('seeding replays stored ticks by the same rules', () => {
  const usage = usageOf([[100, null, 300], [50, 50, null]], 10, 1000);
  const state = seed(usage, 1030);
  expect(state.readings.get('hub:0')).toEqual({ at: 1020, tickSeconds: 10, watts: 30 });
  expect(state.readings.get('hub:1')?.at).toBe(1010);
  expect(state.history.map((point) => point.watts)).toEqual([15, 15, 35]);
});

it.each([1, 60])('seeding has the powers of ticks of %i s', (step) => {
  const state = seed(usageOf([[100 * step, 300 * step]], step, 0), step * 2);
  expect(state.readings.get('hub:0')).toEqual({ at: step, tickSeconds: step, watts: 300 });
});

it('seeding of hubs with different ticks divides by what was measured of a bucket', () => {
  // The minute under way: 12 of its seconds are there of one socket, and nothing yet of the hub with ticks of 60 s.
  const usage = usageOf([[6000, 1800], [3000, null]], 60);
  const [fast] = usage.sockets;
  if (fast) fast.coverage = [1, 0.2];
  const state = seed(usage, 72);
  expect(state.readings.get('hub:0')).toEqual({ at: 60, tickSeconds: 60, watts: 150 });
  expect(state.readings.get('hub:1')).toEqual({ at: 0, tickSeconds: 60, watts: 50 });
});

it('a malformed event is dropped', () => {
  expect(parseTick('{"hub":"a","at":1,"tick_s":10,"energy_j":{"0":1}}')?.at).toBe(1);
  expect(parseTick('{"hub":"a","at":1,"tick_s":0,"energy_j":{}}')).toBeNull();
  expect(parseTick('nonsense')).toBeNull();
});
