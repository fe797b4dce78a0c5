/** Every time zone by name, and those that are in use already. */
export function zones(...also: string[]): string[] {
  return [...new Set([...also, ...Intl.supportedValuesOf('timeZone')])].sort();
}

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
