import { describe, expect, it } from 'vitest';
import { alerts as german } from '../src/i18n/de/alerts';
import { alerts as english } from '../src/i18n/en/alerts';
import { createFormat } from '../src/lib/format';
import { alertSentence, moment, type Telling } from '../src/screens/alerts/sentence';
import { alert, at, ZONE } from './alert';

const shared = { zone: ZONE, currency: 'EUR', day: '2026-11-24', today: true };
const en: Telling = { ...shared, words: english, fmt: createFormat('en-GB', 'en-GB') };
const de: Telling = { ...shared, words: german, fmt: createFormat('de-DE', 'de-DE') };
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');
const say = (parts: Parameters<typeof alert>[0], name: string, telling: Telling): string => plain(alertSentence(alert(parts), name, telling));

const on = { kind: 'left_on', power_mw: 1_118_400 } as const;
const odd = { kind: 'unusual', began: at('2026-11-24T03:00'), energy_j: 36_000, usual_j: 144_000 } as const;
const dear = { kind: 'budget', hub: null, socket: null, began: at('2026-11-01T00:00'), expected_n: 97_250_000_000, budget_n: 90_000_000_000 } as const;

describe('an alert in a sentence', () => {
  it('says since when it holds, and how much it is', () => {
    expect(say(on, 'Iron', en)).toBe('Iron has been on since 14:15, about 1,120 W.');
    expect(say(on, 'Bügeleisen', de)).toBe('Bügeleisen ist seit 14:15 an, etwa 1.120 W.');
    expect(say({ kind: 'hub_offline', socket: null }, 'Cellar', en)).toBe('The hub “Cellar” has sent nothing since 14:15.');
    expect(say({ kind: 'hub_offline', socket: null }, 'Keller', de)).toBe('Der Hub „Keller“ sendet seit 14:15 nichts mehr.');
    expect(say({ kind: 'socket_silent' }, 'Printer', en)).toBe('Printer has sent nothing since 14:15, though its hub measures.');
    expect(say({ kind: 'socket_silent' }, 'Drucker', de)).toBe('Drucker sendet seit 14:15 nichts mehr, obwohl der Hub misst.');
  });
  it('says what was used in an hour, and what is usual', () => {
    expect(say(odd, 'Freezer', en)).toBe('Freezer used 0.01 kWh between 03:00 and 04:00, usually 0.04 kWh.');
    expect(say(odd, 'Gefrierschrank', de)).toBe('Gefrierschrank brauchte 0,01 kWh zwischen 03:00 und 04:00, sonst 0,04 kWh.');
    expect(say({ ...odd, began: at('2026-11-23T23:00') }, 'Freezer', en)).toContain('yesterday between 23:00 and 24:00');
    expect(say({ ...odd, began: at('2026-11-12T03:00') }, 'Truhe', de)).toContain('am 12. Nov. zwischen 03:00 und 04:00');
  });
  it('says what the month will cost', () => {
    expect(say(dear, '', en)).toBe('November will cost about €97, the budget is €90.');
    expect(say(dear, '', de)).toBe('Der November wird etwa 97 € kosten, das Budget ist 90 €.');
  });
  it('names the day where it is another one', () => {
    expect(say({ ...on, began: at('2026-11-23T22:00') }, 'Iron', en)).toContain('since yesterday at 22:00,');
    expect(say({ ...on, began: at('2026-11-22T22:00') }, 'Iron', de)).toContain('seit dem 22. Nov. um 22:00 an,');
    expect(say({ ...on, began: at('2025-12-31T22:00') }, 'Iron', en)).toContain('since 31 Dec 2025 at 22:00,');
  });
  it('is told as over once it is, as seen from the day on which it ended', () => {
    const past = { ...en, day: '2026-11-12', today: false };
    const over = { ...on, began: at('2026-11-12T14:15'), ended: at('2026-11-12T16:20') };
    expect(say(over, 'Iron', past)).toBe('Iron was on from 14:15 to 16:20, about 1,120 W.');
    expect(say({ ...over, began: at('2026-11-11T23:00') }, 'Iron', past)).toBe('Iron was on from 11 Nov at 23:00 to 16:20, about 1,120 W.');
    const gone = { ...de, day: '2026-11-12', today: false };
    expect(say({ ...over, began: at('2026-11-11T23:00') }, 'Eisen', gone)).toBe('Eisen war vom 11. Nov. um 23:00 bis 16:20 an, etwa 1.120 W.');
    expect(say({ ...dear, ended: at('2026-11-12T09:00') }, '', past)).toBe('November was to cost about €97, with a budget of €90.');
  });
  it('does without figures that are not known', () => {
    expect(say({ kind: 'left_on' }, 'Iron', en)).toBe('Iron has been on since 14:15.');
    expect(say({ ...odd, usual_j: null }, 'Freezer', en)).toBe('Freezer used an unusual amount between 03:00 and 04:00.');
    expect(say({ ...dear, expected_n: null }, '', de)).toBe('Der November wird mehr als das Budget kosten.');
  });
});

it('a moment has its date where it is of another day', () => {
  expect(plain(moment(at('2026-11-24T09:05'), en))).toBe('09:05');
  expect(plain(moment(at('2026-12-01T09:05'), en))).toBe('1 Dec, 09:05');
});
