import { m as start, say } from '.';
import { alerts as de } from './de/alerts';
import { alerts as en } from './en/alerts';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, alerts: say<Messages['alerts']>({ en, de }) };
