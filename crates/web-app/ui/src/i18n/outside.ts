import { m as start, say } from '.';
import { outside as de } from './de/outside';
import { outside as en } from './en/outside';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, outside: say<Messages['outside']>({ en, de }) };
