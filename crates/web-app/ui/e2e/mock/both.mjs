// What two periods used over the time that both have measured, in steps so fine that little is lost beside a gap.
import { buckets, toLocal } from './calendar.mjs';

const FINER = { '1d': '1h', '1w': '1d', '1mo': '1d', '1y': '1mo' };
const DAY_S = 86_400;

/** Where each bucket stands within its period, by the wall clock; an hour that comes twice is two. */
function places(edges, unit) {
  if (unit === '1mo') return edges.map((_, i) => String(i));
  const first = Math.floor(toLocal(edges[0]) / DAY_S);
  const seen = new Map();
  return edges.map((edge) => {
    const local = toLocal(edge);
    const clock = unit === '1d' ? '' : local % DAY_S;
    const place = `${Math.floor(local / DAY_S) - first} ${clock}`;
    seen.set(place, (seen.get(place) ?? 0) + 1);
    return `${place} ${seen.get(place)}`;
  });
}

/** `energyOf` says what was measured between edges; null: the two have no such time. */
export function both(bucket, here, there, now, energyOf) {
  const unit = FINER[bucket] ?? bucket;
  const [mine, other] = [here, there].map(([from, to]) => buckets(unit, from, to));
  const [energy, before] = [energyOf(mine, unit), energyOf(other, unit)];
  const then = new Map(places(other.slice(0, -1), unit).map((place, i) => [place, before[i]]));
  let found = null;
  places(mine.slice(0, -1), unit).forEach((place, i) => {
    const compared = then.get(place) ?? null;
    if (energy[i] === null || compared === null || mine[i + 1] > now) return;
    found ??= { energy_j: 0, compared_energy_j: 0 };
    found.energy_j += energy[i];
    found.compared_energy_j += compared;
  });
  return found;
}
