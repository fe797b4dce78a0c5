import { m as start, say } from '.';
import { you as de } from './de/you';
import { you as en } from './en/you';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, you: say<Messages['you']>({ en, de }) };
