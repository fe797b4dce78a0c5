// GET …/usage: energy, coverage, costs, groups and comparisons, from the same quarter hours as everything else.
import { both } from './both.mjs';
import { buckets, earlier } from './calendar.mjs';
import { joules, TICK_S, ZONE } from './home.mjs';
import { costOf, pricing, standing } from './prices.mjs';
import { hubsOf, ownerOf, settingsOf } from './settings.mjs';
import { nowTick, quarter, QUARTER_S, socketsIn } from './timeline.mjs';

const BUCKETS = ['tick', '15m', '1h', '1d', '1w', '1mo', '1y'];
const iso = (t) => new Date(t * 1000).toISOString();
const sum = (values) => values.reduce((a, b) => a + (b ?? 0), 0);

/** One row per owner of what was measured in the buckets between `edges`. */
export function rowsOf(id, edges, unit, { hub = null, number = null, tariffs = [] } = {}) {
  const now = nowTick();
  const price = pricing(tariffs);
  const count = edges.length - 1;
  const rows = new Map();
  const rowOf = (owner) => {
    const key = `${owner.hub}:${owner.number}`;
    if (!rows.has(key)) {
      const fill = (value) => new Array(count).fill(value);
      rows.set(key, { hub: owner.hub, socket: owner.number, energy_j: fill(null), exported: fill(0), ticks: fill(0), weighted: fill(null), peak_w: null });
    }
    return rows.get(key);
  };
  const add = (owner, i, { sum: j, count: ticks, peak }, at) => {
    if (ticks === 0) return;
    const row = rowOf(owner);
    row.energy_j[i] = (row.energy_j[i] ?? 0) + j;
    row.exported[i] += Math.max(0, -j);
    row.ticks[i] += ticks;
    row.peak_w = Math.max(row.peak_w ?? 0, peak);
    const rate = price(Math.floor(at / QUARTER_S) * QUARTER_S);
    if (rate !== null) row.weighted[i] = (row.weighted[i] ?? 0) + j * rate;
  };
  const { successions } = settingsOf(id);
  for (const socket of socketsIn(id)) {
    const plain = !successions.some((s) => s.hub === socket.hub && s.socket === socket.number);
    for (let i = 0; i < count; i++) {
      const end = Math.min(edges[i + 1], now);
      for (let t = edges[i]; t < end; t += unit === 'tick' ? TICK_S : QUARTER_S) {
        const owner = plain ? socket : ownerOf(id, socket, t);
        if (hub !== null && owner.hub !== hub) continue;
        if (number !== null && owner.number !== number) continue;
        if (unit === 'tick') {
          const j = joules(socket, t);
          if (j !== null) add(owner, i, { sum: j, count: 1, peak: j / TICK_S }, t);
        } else {
          add(owner, i, quarter(socket, t), t);
        }
      }
    }
  }
  const past = (i) => (unit === 'tick' ? TICK_S : Math.max(TICK_S, Math.min(edges[i + 1], now) - edges[i]));
  const elapsed = Math.max(TICK_S, Math.min(edges.at(-1), now) - edges[0]);
  return [...rows.values()].map(({ ticks, weighted, ...row }) => ({
    ...row,
    coverage: ticks.map((n, i) => Math.min(1, (n * TICK_S) / past(i))),
    total_j: sum(row.energy_j),
    total_coverage: Math.min(1, (sum(ticks) * TICK_S) / elapsed),
    cost_n: weighted.map((w) => (w === null ? null : costOf(w))),
  }));
}

function together(rows, count) {
  const total = { energy_j: new Array(count).fill(null), coverage: new Array(count).fill(0), cost_n: new Array(count).fill(null) };
  for (const row of rows) {
    for (let i = 0; i < count; i++) {
      if (row.energy_j[i] !== null) total.energy_j[i] = (total.energy_j[i] ?? 0) + row.energy_j[i];
      if (row.cost_n[i] !== null) total.cost_n[i] = (total.cost_n[i] ?? 0) + row.cost_n[i];
      total.coverage[i] += row.coverage[i] / rows.length;
    }
  }
  const coverage = rows.length === 0 ? 0 : sum(rows.map((row) => row.total_coverage)) / rows.length;
  return { ...total, total_j: sum(total.energy_j), total_coverage: coverage };
}

/** Adds the costs' total, or leaves costs out where nobody asked for them. */
function priced(row, cost) {
  const { cost_n, ...rest } = row;
  // What was fed in is said of months alone.
  delete rest.exported;
  if (!cost) return rest;
  return { ...rest, cost_n, total_cost_n: cost_n.every((n) => n === null) ? null : sum(cost_n) };
}

function roomsOf(id, rows, count) {
  const labels = new Map(hubsOf(id).flatMap((hub) => hub.sockets.map((s) => [`${hub.id}:${s.number}`, s.room ?? null])));
  const rooms = new Map();
  for (const row of rows) {
    const room = labels.get(`${row.hub}:${row.socket}`) ?? null;
    rooms.set(room, [...(rooms.get(room) ?? []), row]);
  }
  return [...rooms].map(([room, members]) => ({ room, ...together(members, count) }));
}

/** Status and body of the answer. */
export function usage(id, query) {
  const unit = query.get('bucket') ?? '15m';
  const refuse = (field, detail) => [422, { title: 'Unprocessable', detail, field }];
  if (!BUCKETS.includes(unit)) return refuse('bucket', `${unit} is not a bucket.`);
  const [from, to] = ['from', 'to'].map((name) => Date.parse(query.get(name)) / 1000);
  if (!(from < to)) return refuse('to', 'The end is not after the start.');
  const most = { tick: 2, '15m': 400 }[unit] ?? 3660;
  if (to - from > (most + 1) * 86_400) return refuse('to', `At most ${most} days of ${unit}.`);
  const edges = buckets(unit, from, to);
  const count = edges.length - 1;
  const number = query.get('socket');
  const only = { hub: query.get('hub'), number: number === null ? null : Number(number) };
  const { tariffs, currency } = settingsOf(id);
  const cost = query.get('cost') === 'true';
  const rows = rowsOf(id, edges, unit, { ...only, tariffs });
  const group = query.get('group') ?? 'socket';
  const total = priced(together(rows, count), cost);
  if (cost) {
    const now = nowTick();
    total.standing_n = edges.slice(0, -1).map((edge, i) => standing(tariffs, edge, Math.max(edge, Math.min(edges[i + 1], now))));
    total.total_standing_n = sum(total.standing_n);
  }
  const answer = {
    household: id,
    zone: ZONE,
    bucket: unit,
    ...(unit === 'tick' && { bucket_s: TICK_S }),
    from: iso(edges[0]),
    to: iso(edges.at(-1)),
    starts: edges.slice(0, -1),
    sockets: group === 'socket' ? rows.map((row) => priced(row, cost)) : [],
    total,
    ...(cost && { currency }),
    ...(group === 'room' && { rooms: roomsOf(id, rows, count).map((row) => priced(row, cost)) }),
  };
  const compare = query.get('compare');
  if (compare) {
    const [begin, end] = earlier(compare, edges[0], edges.at(-1));
    const its = buckets(unit, begin, end);
    const before = priced(together(rowsOf(id, its, unit, { ...only, tariffs }), its.length - 1), cost);
    const { energy_j, coverage, total_j, total_coverage, total_cost_n } = before;
    const energyOf = (some, step) => together(rowsOf(id, some, step, only), some.length - 1).energy_j;
    const spans = [edges, its].map((some) => [some[0], some.at(-1)]);
    answer.compare = {
      from: iso(its[0]), to: iso(its.at(-1)), starts: its.slice(0, -1), energy_j, coverage, total_j, total_coverage,
      ...(cost && { total_cost_n }), both: both(unit, ...spans, nowTick(), energyOf),
    };
  }
  return [200, answer];
}
