import { account } from './account';
import { alerts } from './alerts';
import { app } from './app';
import { costs } from './costs';
import { data } from './data';
import { history } from './history';
import { hubs } from './hubs';
import { login } from './login';
import { newHome } from './new-home';
import { now } from './now';
import { outside } from './outside';
import { audit, people } from './people';
import { providers } from './providers';
import { settings } from './settings';
import { sockets } from './sockets';
import { you } from './you';

export const en = { account, alerts, app, audit, costs, data, history, hubs, login, newHome, now, outside, people, providers, settings, sockets, you };
