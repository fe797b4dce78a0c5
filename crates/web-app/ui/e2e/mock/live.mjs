// The live stream of a home, and one that never says anything.
import { joules, TICK_S } from './home.mjs';
import { hubsOf } from './settings.mjs';
import { socketsIn } from './timeline.mjs';

export function live(id, request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': hello\n\n');
  let sent = 0;
  const send = () => {
    const at = Math.floor(Date.now() / 1000 / TICK_S) * TICK_S - TICK_S;
    if (at === sent) return;
    sent = at;
    const sockets = socketsIn(id);
    for (const hub of sockets.length > 0 ? hubsOf(id) : []) {
      const energy = sockets.filter((s) => s.hub === hub.id).map((s) => [s.number, joules(s, at)]);
      const energy_j = Object.fromEntries(energy.filter(([, j]) => j !== null));
      response.write(`event: tick\ndata: ${JSON.stringify({ hub: hub.id, at, tick_s: TICK_S, energy_j })}\n\n`);
    }
  };
  const timer = setInterval(send, 1000);
  const alive = setInterval(() => response.write(': alive\n\n'), 15_000);
  send();
  request.on('close', () => {
    clearInterval(timer);
    clearInterval(alive);
  });
}
