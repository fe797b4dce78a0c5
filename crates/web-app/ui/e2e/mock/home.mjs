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
  ['Freezer, old plug', 'Cellar', 'fridge', cycle(4300, 0.36, 96)],
  ['Christmas tree', 'Living room', 'lamp', between(16, 22.5, 34, 0.2)],
];

const DAY_S = 86_400;
const started = Date.now() / 1000;
/** As a household far away would have them: a whole number of days in UTC+1. */
const today = Math.floor((started + 3600) / DAY_S) * DAY_S - 3600;
export const FIRST_DAY = today - 400 * DAY_S;
/** From here on every tick is worked out; before it a quarter hour comes from a week that repeats with variations. */
export const FINE_FROM = today - 3 * DAY_S;
/** When a new plug took the freezer over, and when the second hub came. */
export const REPLACED_AT = today - 118 * DAY_S + 15 * 3600;
const SECOND_HUB_AT = today - 290 * DAY_S + 18 * 3600;

export const sockets = SPEC.map(([name, room, icon, power], i) => ({
  hub: HUBS[i < 20 ? 0 : 1],
  number: i < 20 ? i : i - 20,
  id: i + 1,
  name,
  room,
  icon,
  power,
  hidden: name === 'Christmas tree' || name === 'Freezer, old plug',
}));

const labelsOf = (some) => some.map(({ number, name, room, icon, hidden }) => ({ number, name, room, icon, hidden }));

export const hubs = HUBS.map((id, i) => ({
  id,
  name: i === 0 ? 'Ground floor' : 'Upstairs',
  sockets: labelsOf(sockets.filter((s) => s.hub === id)),
}));

/** As many sockets as a hub can have, the last of which feeds in. */
const LARGE_HUB = '5f0c7f2e-6f0a-4b58-9a54-0d6a3d2b7c64';
export const largeSockets = Array.from({ length: 64 }, (_, number) => {
  const [name, room, icon, power] = SPEC[number % SPEC.length];
  const its = { hub: LARGE_HUB, number, id: 1000 + number, room, icon, hidden: false };
  return number === 63
    ? { ...its, name: 'Solar panel', room: 'Balcony', power: between(9, 16, -410, 0.4) }
    : { ...its, name: `${name} ${number + 1}`, power };
});
export const largeHubs = [{ id: LARGE_HUB, name: 'Whole house', sockets: labelsOf(largeSockets) }];

export const named = (name) => sockets.find((s) => s.name === name);

/** Plugs that are not there yet, no longer, or never were. */
export function exists(socket, t) {
  switch (socket.name) {
    case 'Ironing board in the upstairs guest room':
      return false;
    case 'Freezer':
      return t >= REPLACED_AT;
    case 'Freezer, old plug':
      return t < REPLACED_AT;
    case 'Christmas tree':
      return t < today - 322 * DAY_S;
    case 'Printer':
      return t <= started - 1500;
    default:
      return socket.hub !== HUBS[1] || t >= SECOND_HUB_AT || socket.name === 'Christmas tree';
  }
}

/** Whole joules of one tick, or null where the home has a gap: once a day both hubs, once one, and a plug for good. */
export function joules(socket, t) {
  if (!exists(socket, t) || t < FIRST_DAY) return null;
  if (t < FINE_FROM) {
    const joules = gapOf(socket, t) ? null : socket.power(template(t), socket.id) * TICK_S * factor(socket, t);
    return joules === null ? null : Math.round(joules);
  }
  const h = hour(t);
  if (h >= 10.5 && h < 11.25) return null;
  if (socket.hub === HUBS[1] && h >= 3 && h < 3.75) return null;
  if (noise(t / 10, socket.id + 500) < 0.0003) return null;
  return Math.round(socket.power(t, socket.id) * TICK_S);
}

/** The same time of day in one of seven days that older ones are made of. */
export const template = (t) => today - 10 * DAY_S + (dayNumber(t) % 7) * DAY_S + hour(t) * 3600;

/** Winter needs more than summer, and no two days are the same. */
export function factor(socket, t) {
  const day = dayNumber(t);
  const season = 1 + 0.22 * Math.cos(((day - 14) / 365.25) * 2 * Math.PI);
  const away = noise(Math.floor(day / 11), 77) < 0.07 ? 0.35 : 1;
  return season * away * (0.78 + 0.44 * noise(day, socket.id + 900));
}

/** Some days a hub was off for hours, seldom for days. */
export function gapOf(socket, t) {
  const day = dayNumber(t);
  const hub = HUBS.indexOf(socket.hub);
  if (noise(Math.floor(day / 3), hub + 300) < 0.012) return true;
  const h = hour(t);
  return noise(day, hub + 400) < 0.06 && h >= 9 && h < 14.5;
}
