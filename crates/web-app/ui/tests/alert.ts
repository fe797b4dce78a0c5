import type { Alert } from '../src/api/types';
import { clockInstant } from '../src/lib/days';

export const ZONE = 'Europe/Berlin';

/** Unix seconds of a reading of the home's clock, `2026-11-24T14:15`. */
export function at(moment: string): number {
  const [day = '', time = ''] = moment.split('T');
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return clockInstant(day, hour * 3600 + minute * 60, ZONE, 'first');
}

export function alert(parts: Partial<Alert>): Alert {
  return {
    id: 'a', kind: 'left_on', hub: 'h', socket: 3, began: at('2026-11-24T14:15'), raised: at('2026-11-24T14:45'), ended: null,
    acknowledged: null, power_mw: null, energy_j: null, usual_j: null, expected_n: null, budget_n: null, ...parts,
  };
}
