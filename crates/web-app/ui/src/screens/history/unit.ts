import { fmt } from '../../i18n';
import { JOULES_PER_KWH, JOULES_PER_WH } from '../../lib/energy';

export interface Unit {
  name: 'Wh' | 'kWh';
  joules: number;
  /** A bar's energy, in words. */
  say: (joules: number) => string;
}

const WH: Unit = { name: 'Wh', joules: JOULES_PER_WH, say: fmt.wattHours };
const KWH: Unit = { name: 'kWh', joules: JOULES_PER_KWH, say: fmt.kwh };

/** The one in which the largest bar has few digits. */
export function unitFor(most: number): Unit {
  return most < 2 * JOULES_PER_KWH ? WH : KWH;
}
