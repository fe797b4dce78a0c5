/** Buckets that are marked, from where marking began to where it is now. */
export interface Selection {
  anchor: number;
  head: number;
}

export function bounds({ anchor, head }: Selection): { first: number; last: number } {
  return { first: Math.min(anchor, head), last: Math.max(anchor, head) };
}

export interface Reach {
  /** Buckets of one arrow key and of one page key. */
  stride: number;
  page: number;
  /** The last bucket that the cursor may reach. */
  last: number;
}

/** Where a key leads from `index`; undefined when it leads nowhere. */
export function moved(key: string, index: number | null, { stride, page, last }: Reach): number | undefined {
  const from = index ?? last;
  const moves: Record<string, number> = {
    ArrowLeft: from - stride,
    ArrowRight: index === null ? 0 : from + stride,
    ArrowDown: from - stride,
    ArrowUp: index === null ? 0 : from + stride,
    PageUp: from - page,
    PageDown: from + page,
    Home: 0,
    End: last,
  };
  const to = moves[key];
  return to === undefined ? undefined : Math.max(0, Math.min(last, to));
}
