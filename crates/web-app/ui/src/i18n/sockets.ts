import { m as start, say } from '.';
import { sockets as de } from './de/sockets';
import { sockets as en } from './en/sockets';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, sockets: say<Messages['sockets']>({ en, de }) };
