// What a quarter hour's energy costs. The same rules as the service: each quarter hour of the week has one price.
import { bucketStart, toLocal } from './calendar.mjs';

export const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const JOULES_PER_KWH = 3_600_000;

const minutes = (text) => {
  const [hours, rest] = text.split(':').map(Number);
  return hours * 60 + rest;
};

/** Quarter hours of the week, from Monday 00:00, that a band holds in. */
export function quartersOf(band) {
  const from = minutes(band.from) / 15;
  let to = minutes(band.to) / 15;
  if (to <= from) to += 96;
  return band.days.flatMap((day) =>
    Array.from({ length: to - from }, (_, n) => (WEEK.indexOf(day) * 96 + from + n) % 672),
  );
}

const weekCache = new WeakMap();
function weekOf(tariff) {
  let week = weekCache.get(tariff);
  if (!week) {
    week = new Array(672).fill(0);
    for (const band of tariff.bands) for (const q of quartersOf(band)) week[q] = band.price_n;
    weekCache.set(tariff, week);
  }
  return week;
}

const beginning = (tariff) => bucketStart('1d', Date.parse(`${tariff.valid_from}T12:00:00Z`) / 1000);
const local = new Map();
function quarterOfWeek(t) {
  let found = local.get(t);
  if (found === undefined) {
    // 1 January 1970 was a Thursday.
    found = (Math.floor(toLocal(t) / 900) + 3 * 96) % 672;
    local.set(t, found);
  }
  return found;
}

/** A function from a quarter hour's start to its price in nano-units for a kWh, null before the first tariff. */
export function pricing(tariffs) {
  const sorted = tariffs.map((t) => ({ from: beginning(t), week: weekOf(t) })).sort((a, b) => b.from - a.from);
  return (t) => {
    const tariff = sorted.find((one) => one.from <= t);
    return tariff ? tariff.week[quarterOfWeek(t)] : null;
  };
}

export const costOf = (weighted) => Math.round(weighted / JOULES_PER_KWH);

/** The standing charge of a stretch, day by day. */
export function standing(tariffs, from, to) {
  const sorted = tariffs.map((t) => ({ ...t, begin: beginning(t) })).sort((a, b) => b.begin - a.begin);
  let sum = 0;
  for (let day = bucketStart('1d', from); day < to; day = bucketStart('1d', day, 1)) {
    const tariff = sorted.find((one) => one.begin <= day);
    if (!tariff) continue;
    const end = bucketStart('1d', day, 1);
    const part = Math.min(1, (Math.min(end, to) - Math.max(day, from)) / (end - day));
    const period = { day: '1d', month: '1mo', year: '1y' }[tariff.standing_per];
    const days = Math.round((bucketStart(period, day, 1) - bucketStart(period, day)) / 86_400);
    sum += (tariff.standing_n / days) * part;
  }
  return Math.round(sum);
}
