// What a household has set, and the faults that the real service would name.
import { alertFault, ALERTS, demoAlerts } from './alert-settings.mjs';
import { hubs, largeHubs, named, REPLACED_AT, ZONE } from './home.mjs';
import { quartersOf, WEEK } from './prices.mjs';

const cents = (n) => n * 10_000_000;
const [workdays, weekend] = [WEEK.slice(0, 5), WEEK.slice(5)];
const band = (name, price, from, to, days) => ({ name, price_n: cents(price), from, to, days });

function demo() {
  const year = new Date().getUTCFullYear();
  const plug = (name) => ({ hub: named(name).hub, socket: named(name).number });
  const [old, fresh] = [plug('Freezer, old plug'), plug('Freezer')];
  return {
    revision: 3,
    name: 'Home',
    zone: ZONE,
    currency: 'EUR',
    budget_n: cents(14_500),
    tariffs: [
      {
        valid_from: `${year - 1}-01-01`,
        name: 'City power basic',
        bands: [band('All day', 33.9, '00:00', '24:00', [...WEEK])],
        standing_n: cents(1190),
        standing_per: 'month',
        feed_in_n: null,
      },
      {
        valid_from: `${year}-07-01`,
        name: 'City power day and night',
        bands: [
          band('Night', 25.4, '22:00', '06:00', [...WEEK]),
          band('Day', 34.8, '06:00', '17:00', workdays),
          band('Evening peak', 41.2, '17:00', '22:00', workdays),
          band('Weekend', 30.1, '06:00', '22:00', weekend),
        ],
        standing_n: cents(12_900),
        standing_per: 'year',
        feed_in_n: cents(8.11),
      },
    ],
    successions: [{ ...old, into_hub: fresh.hub, into_socket: fresh.socket, until: REPLACED_AT }],
    alerts: demoAlerts(),
  };
}

const bare = (name) => ({ revision: 0, name, zone: ZONE, currency: 'EUR', budget_n: null, tariffs: [], successions: [], alerts: ALERTS });
const stored = new Map([
  ['h-demo', demo()],
  ['h-plain', bare('Flat')],
  ['h-large', { ...demo(), name: 'House with a very long name that somebody gave it', successions: [], alerts: ALERTS }],
]);
const labels = new Map([['h-large', largeHubs], ...['h-demo', 'h-plain', 'h-silent'].map((id) => [id, structuredClone(hubs)]), ['h-empty', []]]);

export const settingsOf = (id) => stored.get(id) ?? bare(id === 'h-empty' ? 'New flat' : 'Cabin');
export const hubsOf = (id) => labels.get(id) ?? [];

export function foundHome(id, name, zone) {
  stored.set(id, { ...bare(name), zone });
}
export function addHub(id, hub) {
  labels.set(id, [...hubsOf(id), hub]);
}
export function dropHub(id, hubId) {
  const hub = hubsOf(id).find((one) => one.id === hubId);
  if (hub) labels.set(id, hubsOf(id).filter((one) => one !== hub));
  return hub;
}

class Fault extends Error {
  constructor(field, detail) {
    super(detail);
    this.field = field;
  }
}

function checkBands(path, bands) {
  const week = new Array(672).fill(null);
  const moment = (q) => `${DAYS[Math.floor(q / 96)]} at ${String(Math.floor((q % 96) / 4)).padStart(2, '0')}:${String((q % 4) * 15).padStart(2, '0')}`;
  bands.forEach((one, n) => {
    if (one.name.trim() === '') throw new Fault(`${path}.bands[${n}].name`, 'It must have 1 to 80 characters.');
    for (const field of ['from', 'to']) {
      if (!/^([01]\d|2[0-3]):(00|15|30|45)$|^24:00$/.test(one[field])) {
        throw new Fault(`${path}.bands[${n}].${field}`, `${one[field]} is not on a quarter of an hour.`);
      }
    }
    if (one.from === one.to) throw new Fault(`${path}.bands[${n}].to`, 'The band ends when it begins.');
    if (one.days.length === 0) throw new Fault(`${path}.bands[${n}].days`, 'A band has at least one weekday.');
    for (const q of quartersOf(one)) {
      if (week[q] !== null) throw new Fault(`${path}.bands[${n}].from`, `${moment(q)} is in two bands.`);
      week[q] = n;
    }
  });
  const hole = week.indexOf(null);
  if (hole >= 0) throw new Fault(`${path}.bands`, `No band holds on ${moment(hole)}.`);
}
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function check(settings) {
  if (settings.name.trim() === '') throw new Fault('name', 'A household has a name.');
  try {
    new Intl.DateTimeFormat('en', { timeZone: settings.zone });
  } catch {
    throw new Fault('zone', `${settings.zone} is not a time zone.`);
  }
  if (!/^[A-Z]{3}$/.test(settings.currency)) throw new Fault('currency', 'It is not the code of a currency.');
  settings.tariffs.forEach((tariff, n) => {
    const path = `tariffs[${n}]`;
    if (tariff.name.trim() === '') throw new Fault(`${path}.name`, 'It must have 1 to 80 characters.');
    // A name that only the mock refuses, to see where a fault of the server is shown.
    if (/refuse me/i.test(tariff.name)) throw new Fault(`${path}.name`, 'The server does not like this name.');
    if (settings.tariffs.slice(0, n).some((other) => other.valid_from === tariff.valid_from)) {
      throw new Fault(`${path}.valid_from`, `Two tariffs begin on ${tariff.valid_from}.`);
    }
    checkBands(path, tariff.bands);
  });
  const fault = alertFault(settings.alerts);
  if (fault) throw new Fault(...fault);
  settings.successions.forEach((one, n) => {
    if (one.until !== null && one.until % 900 !== 0) throw new Fault(`successions[${n}].until`, 'It must be a whole quarter of an hour.');
    if (one.hub === one.into_hub && one.socket === one.into_socket) throw new Fault(`successions[${n}].into_socket`, 'These sockets carry each other on in a circle.');
  });
}

/** Status and body of a PUT. */
export function putSettings(id, role, wanted) {
  const now = settingsOf(id);
  if (role === 'guest' || (role !== 'owner' && (wanted.name !== now.name || wanted.zone !== now.zone))) {
    return [403, { title: 'Forbidden', detail: 'Only an owner may change this.' }];
  }
  if (wanted.revision !== now.revision) {
    return [409, { title: 'Conflict', detail: 'Somebody else changed the settings in the meantime.' }];
  }
  try {
    check(wanted);
  } catch (fault) {
    return [422, { title: 'Unprocessable', detail: fault.message, field: fault.field }];
  }
  const next = structuredClone({ ...wanted, revision: now.revision + 1 });
  next.tariffs.sort((a, b) => a.valid_from.localeCompare(b.valid_from));
  stored.set(id, next);
  return [200, next];
}

export function putHub(id, role, hubId, { name, sockets }) {
  if (role === 'guest') return [403, { title: 'Forbidden', detail: 'Only members may change this.' }];
  const hub = hubsOf(id).find((one) => one.id === hubId);
  if (!hub) return [404, { title: 'Not found', detail: 'No such hub.' }];
  const nameless = sockets.findIndex((socket) => socket.name.trim() === '');
  if (nameless >= 0) return [422, { title: 'Unprocessable', detail: 'A socket has a name.', field: `sockets[${nameless}].name` }];
  Object.assign(hub, { name, sockets });
  return [200, hub];
}

/** Whose history a measurement of a socket at `t` is part of. */
export function ownerOf(id, socket, t) {
  const { successions } = settingsOf(id);
  let at = socket;
  for (let i = 0; i < successions.length; i++) {
    const next = successions.find((s) => s.hub === at.hub && s.socket === at.number && (s.until === null || t < s.until));
    if (!next) break;
    at = { hub: next.into_hub, number: next.into_socket };
  }
  return at;
}
