import type { Messages } from '../messages';
import { account } from './account';
import { alerts } from './alerts';
import { app } from './app';
import { costs } from './costs';
import { history } from './history';
import { login } from './login';
import { now } from './now';
import { settings } from './settings';
import { sockets } from './sockets';

export const de: Messages = { account, alerts, app, costs, history, login, now, settings, sockets };
