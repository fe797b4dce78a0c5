/** What a browser calls itself, as people call it; null where it says nothing that is known. */
export interface ClientName {
  browser: string | null;
  system: string | null;
  handheld: boolean;
}

/** The first that fits: most say that they are Chrome and Safari too. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOpera\b/, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bDuckDuckGo\//, 'DuckDuckGo'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\/|\bChromium\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

export function clientName(agent: string): ClientName {
  const find = (all: [RegExp, string][]): string | null => all.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
  // A program that is no browser is called by its first word: "curl/8.14.1".
  const program = /^(?!Mozilla\/)([A-Za-z][\w.-]{1,30})(?:\/|$)/.exec(agent)?.[1] ?? null;
  return { browser: find(BROWSERS) ?? program, system: find(SYSTEMS), handheld: /\b(iPhone|iPad|Android|Mobile)\b/.test(agent) };
}
