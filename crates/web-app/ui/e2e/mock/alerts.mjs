// What is amiss in the demo home: some alerts that are open, and some that are over. They are the same on every day.
import { randomUUID } from 'node:crypto';
import { bucketStart } from './calendar.mjs';
import { hubs, named } from './home.mjs';

const HOUR_S = 3600;
const DAY_S = 86_400;
const KWH_J = 3_600_000;
const UNIT = 1_000_000_000;

const NOTHING = { hub: null, socket: null, power_mw: null, energy_j: null, usual_j: null, expected_n: null, budget_n: null };
const socketOf = (name) => ({ hub: named(name).hub, socket: named(name).number });
const kwh = (value) => Math.round(value * KWH_J);

function demo() {
  const now = Math.floor(Date.now() / 1000);
  const hour = bucketStart('1h', now);
  const midnight = bucketStart('1d', now);
  const month = bucketStart('1mo', now);
  const on = (name, began, watts) => ({ kind: 'left_on', ...socketOf(name), began, power_mw: watts * 1000 });
  const unusual = (name, began, used, usual) => ({ kind: 'unusual', ...socketOf(name), began, energy_j: kwh(used), usual_j: kwh(usual) });
  const silent = (name, began) => ({ kind: 'socket_silent', ...socketOf(name), began });
  const offline = (hub, began) => ({ kind: 'hub_offline', hub: hubs[hub].id, began });
  const budget = (began, expected, most) => ({ kind: 'budget', began, expected_n: expected * UNIT, budget_n: most * UNIT });
  const open = [
    [on('Coffee maker', now - 2 * HOUR_S - 11 * 60, 868.4), 60 * 60],
    [unusual('Freezer', hour - HOUR_S, 0.009, 0.041), HOUR_S + 120],
    [budget(month, 158.2, 145), 5 * DAY_S],
    [silent('Printer', now - 26 * HOUR_S), HOUR_S, now - 20 * HOUR_S],
  ];
  const over = [
    [offline(1, midnight - DAY_S + 3 * HOUR_S), 45 * 60],
    [unusual('Washing machine', midnight - DAY_S + 22 * HOUR_S, 1.93, 0.02), 2 * HOUR_S],
    [on('Hair dryer', midnight - 3 * DAY_S + 7 * HOUR_S, 1450), 50 * 60],
    [offline(0, midnight - 5 * DAY_S + 9 * HOUR_S), 5 * HOUR_S],
    [on('Coffee maker', midnight - 6 * DAY_S + 20 * HOUR_S, 870), 9 * HOUR_S],
    [silent('USB charger', midnight - 9 * DAY_S + 13 * HOUR_S), 4 * HOUR_S],
    [unusual('Heating pump', midnight - 12 * DAY_S + 2 * HOUR_S, 0.41, 0.03), HOUR_S],
    [budget(bucketStart('1mo', now, -1), 151, 145), Math.max(DAY_S, now - 14 * DAY_S - bucketStart('1mo', now, -1))],
  ];
  const alerts = [
    ...open.map(([told, noticedAfter, acknowledged = null]) => ({ ...told, raised: Math.min(now, told.began + noticedAfter), ended: null, acknowledged })),
    ...over.map(([told, lasted]) => ({ ...told, raised: told.began + 900, ended: told.began + lasted, acknowledged: told.began + lasted })),
  ];
  return alerts
    .map((alert) => ({ id: randomUUID(), ...NOTHING, ...alert }))
    .sort((a, b) => b.raised - a.raised);
}

const stored = new Map([['h-demo', demo()]]);
const alertsOf = (id) => stored.get(id) ?? [];

const answer = (id) => {
  const alerts = alertsOf(id);
  return { open: alerts.filter((alert) => alert.ended === null && alert.acknowledged === null).length, alerts };
};

/** Status and body of a request to …/alerts; `rest` is what follows that. */
export function alertRequest(id, role, method, rest) {
  // Only the mock: begins anew, so that every run finds the same alerts.
  if (method === 'DELETE' && rest === '') {
    if (stored.has(id)) stored.set(id, demo());
    return [204, undefined];
  }
  if (method === 'GET' && rest === '') return [200, answer(id)];
  const wanted = /^\/([^/]+)\/acknowledge$/.exec(rest)?.[1];
  if (method !== 'POST' || wanted === undefined) return [405, { title: 'Method not allowed', detail: 'This cannot be done at this address.' }];
  if (role === 'guest') return [403, { title: 'Forbidden', detail: 'Only members may do this.' }];
  const alert = alertsOf(id).find((one) => one.id === wanted);
  if (!alert) return [404, { title: 'Not found', detail: 'No such alert.' }];
  alert.acknowledged ??= Math.floor(Date.now() / 1000);
  return [204, undefined];
}
