import { m as start, say } from '.';
import { costs as de } from './de/costs';
import { costs as en } from './en/costs';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, costs: say<Messages['costs']>({ en, de }) };
