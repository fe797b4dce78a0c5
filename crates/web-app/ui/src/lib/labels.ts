import type { Household, HubLabels, Socket, SocketId, Succession } from '../api/types';
import { parseKey, socketKey } from './energy';
import { merged } from './successions';

/** Sockets that are not listed: those their people hid, and those that are part of another one. */
export function hiddenKeys(household: Household | null, successions: readonly Succession[]): Set<string> {
  const keys = new Set(merged(successions).keys());
  for (const hub of household?.hubs ?? []) {
    for (const socket of hub.sockets) if (socket.hidden) keys.add(socketKey(hub.id, socket.number));
  }
  return keys;
}

export function labelOf(household: Household | null, key: string): Socket | null {
  const { hub, socket } = parseKey(key);
  return household?.hubs.find((one) => one.id === hub)?.sockets.find((one) => one.number === socket) ?? null;
}

/** Every room there is, by name. */
export function roomsOf(household: Household | null): string[] {
  const rooms = (household?.hubs ?? []).flatMap((hub) => hub.sockets.flatMap((socket) => socket.room || []));
  return [...new Set(rooms)].sort((a, b) => a.localeCompare(b));
}

/** A hub's labels with one socket's changed, or added where it had none. */
export function relabel(labels: HubLabels, id: Pick<SocketId, 'socket'>, label: Omit<Socket, 'number'>): HubLabels {
  const changed: Socket = { number: id.socket, ...label };
  const others = labels.sockets.filter((one) => one.number !== id.socket);
  return { ...labels, sockets: [...others, changed].sort((a, b) => a.number - b.number) };
}
