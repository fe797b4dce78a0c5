// A simulated home: the power of every socket as a pure function of time, so that each request agrees with the others.

export const ZONE = 'Europe/Berlin';
export const TICK_S = 10;
const HUBS = ['5f0c7f2e-6f0a-4b58-9a54-0d6a3d2b7c01', '5f0c7f2e-6f0a-4b58-9a54-0d6a3d2b7c02'];

const hour = (t) => ((t + 3600) % 86_400) / 3600;
const dayNumber = (t) => Math.floor((t + 3600) / 86_400);

function noise(a, b) {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32;
}

const constant = (watts, spread = 0.02) => (t, id) => watts * (1 + spread * (noise(t / 10, id) - 0.5));
const between = (from, to, on, off = 0) => (t, id) => {
  const h = hour(t);
  const late = noise(dayNumber(t), id) * 1.5 - 0.75;
  const inside = h >= from + late && h < to + late;
  return inside ? on * (1 + 0.04 * (noise(t / 10, id) - 0.5)) : off;
};
const cycle = (period, duty, watts) => (t, id) => {
  const phase = ((t + noise(id, 7) * period) % period) / period;
  if (phase >= duty) return 0;
  const start = phase < 0.012 ? 1.25 : 1;
  return watts * start * (1 - 0.08 * phase) * (1 + 0.02 * (noise(t / 10, id) - 0.5));
};
const bursts = (times, seconds, watts, standby = 0) => (t, id) => {
  const at = (hour(t) * 3600) | 0;
  for (let i = 0; i < times.length; i++) {
    const begin = times[i] * 3600 + (noise(dayNumber(t), id * 31 + i) - 0.5) * 2400;
    if (at >= begin && at < begin + seconds) return watts * (1 + 0.02 * (noise(t / 10, id) - 0.5));
  }
  return standby;
};
const program = (begin, steps, standby) => (t, id) => {
  let at = hour(t) * 3600 - (begin + noise(dayNumber(t), id) * 1.5) * 3600;
  for (const [minutes, watts] of steps) {
    if (at >= 0 && at < minutes * 60) return watts * (1 + 0.06 * (noise(t / 10, id) - 0.5));
    at -= minutes * 60;
  }
  return standby;
};
/** Keeps the page lively whatever the time of day: on and off every few minutes. */
const restless = (low, high) => (t, id) => {
  const slot = Math.floor(t / 40);
  return noise(slot, id) > 0.55 ? high * (0.9 + 0.2 * noise(slot, id + 1)) : low * (1 + 0.3 * noise(t / 10, id));
};

const WASH = [[6, 120], [14, 2050], [22, 140], [8, 95], [9, 420]];
const DISH = [[4, 70], [16, 2100], [22, 85], [15, 2080], [18, 12]];

const SPEC = [
  ['Desktop PC', 'Study', 'pc', constant(92, 0.12)],
  ['Refrigerator', 'Kitchen', 'fridge', cycle(3480, 0.3, 126)],
  ['Freezer', 'Cellar', 'fridge', cycle(4300, 0.36, 88)],
  ['Dishwasher', 'Kitchen', 'dishwasher', program(19.5, DISH, 0.6)],
  ['Washing machine', 'Bathroom', 'washer', program(16, WASH, 1)],
  ['Tumble dryer', 'Bathroom', 'dryer', program(18, [[38, 780], [30, 610]], 0.8)],
  ['Kettle', 'Kitchen', 'kettle', bursts([7.2, 9.6, 13.1, 16.4, 20.2], 170, 1960)],
  ['Coffee maker', 'Kitchen', 'coffee', bursts([7.3, 13.4], 420, 870, 0)],
  ['Microwave', 'Kitchen', 'microwave', bursts([12.6, 19.1], 200, 1230, 1.4)],
  ['Toaster', 'Kitchen', 'toaster', bursts([7.5], 180, 840)],
  ['Television', 'Living room', 'tv', between(18.5, 23.2, 108, 0.4)],
  ['Amplifier', 'Living room', 'audio', between(11, 23.4, 44, 1)],
  ['Subwoofer', 'Living room', 'audio', between(18.5, 23.2, 16, 0.5)],
  ['Floor lamp', 'Living room', 'lamp', between(17, 23.5, 62, 0)],
  ['Projector', 'Living room', 'projector', between(20.4, 22.6, 229, 0.8)],
  ['Game console', 'Living room', 'console', between(21, 22.4, 114, 1.2)],
  ['Network switch', 'Hall', 'router', constant(10.4)],
  ['Router', 'Hall', 'router', constant(9.3)],
  ['Laptop', 'Study', 'laptop', restless(18, 41)],
  ['Monitor left', 'Study', 'monitor', between(9, 18, 41, 0.3)],
  ['Monitor right', 'Study', 'monitor', between(9, 18, 38, 0.3)],
  ['Desk lamp', 'Study', 'lamp', between(16, 19, 11, 0)],
  ['Printer', 'Study', 'plug', bursts([10.2, 15.7], 240, 320, 2.1)],
  ['USB charger', 'Bedroom', 'usb', between(22, 23.9, 12, 0.1)],
  ['Bedside lamp', 'Bedroom', 'lamp', between(21.5, 23, 8, 0)],
  ['Air purifier', 'Bedroom', 'plug', restless(7, 34)],
  ['Electric toothbrush', 'Bathroom', 'usb', constant(1.2)],
  ['Hair dryer', 'Bathroom', 'plug', bursts([6.9], 300, 1450)],
  ['Heating pump', 'Cellar', 'plug', cycle(1500, 0.55, 46)],
  ['Aquarium', 'Living room', 'plug', constant(23, 0.05)],
  ['Aquarium light', 'Living room', 'lamp', between(8, 19.5, 29, 0)],
  ['Answering machine', 'Hall', 'plug', constant(2.2)],
  ['Set-top box', 'Living room', 'tv', constant(8.1)],
  ['Ironing board in the upstairs guest room', 'Guest room', null, () => 0],
];

export const sockets = SPEC.map(([name, room, icon, power], i) => ({
  hub: HUBS[i < 20 ? 0 : 1],
  number: i < 20 ? i : i - 20,
  id: i + 1,
  name,
  room,
  icon,
  power,
}));

export const hubs = HUBS.map((id, i) => ({
  id,
  name: i === 0 ? 'Ground floor' : 'Upstairs',
  sockets: sockets.filter((s) => s.hub === id).map(({ number, name, room, icon }) => ({ number, name, room, icon })),
}));

const started = Date.now() / 1000;

/** Whole joules of one tick, or null where the home has a gap: once a day both hubs, once one, and one plug for good. */
export function joules(socket, t) {
  const h = hour(t);
  if (socket.name === 'Ironing board in the upstairs guest room') return null;
  if (socket.name === 'Printer' && t > started - 1500) return null;
  if (h >= 10.5 && h < 11.25) return null;
  if (socket.hub === HUBS[1] && h >= 3 && h < 3.75) return null;
  if (noise(t / 10, socket.id + 500) < 0.0003) return null;
  return Math.round(socket.power(t, socket.id) * TICK_S);
}
