export interface Palette {
  layers: string[];
  card: string;
  sunken: string;
  ink: string;
  line: string;
  soft: string;
  edge: string;
  hatch: string;
  font: string;
}

const LAYERS = 7;

export function layerColor(index: number): string {
  return `var(--c${Math.min(index, LAYERS - 1)})`;
}

/** A canvas knows no CSS variables: their values are read again whenever the theme changes. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    layers: Array.from({ length: LAYERS }, (_, i) => read(`--c${i}`)),
    card: read('--card'),
    sunken: read('--sunken'),
    ink: read('--ink'),
    line: read('--line'),
    soft: read('--soft'),
    edge: read('--edge'),
    hatch: read('--hatch'),
    font: style.fontFamily,
  };
}
