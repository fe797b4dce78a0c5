import { m as start, say } from '.';
import { history as de } from './de/history';
import { history as en } from './en/history';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, history: say<Messages['history']>({ en, de }) };
