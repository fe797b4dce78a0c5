import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { fillWorker, noteScreens, WORKER } from './scripts/bundle.mjs';
import { cutFont } from './scripts/font.mjs';
import { drawIcon } from './scripts/icons.mjs';

/** The one font is needed by the first paint; without this the browser learns of it only from the style sheet. */
function preloadFont(): Plugin {
  return {
    name: 'preload-font',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const font = Object.keys(bundle ?? {}).find((name) => name.endsWith('.woff2'));
        if (font === undefined) return [];
        const attrs = { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${font}`, crossorigin: '' };
        return [{ tag: 'link', attrs, injectTo: 'head' as const }];
      },
    },
  };
}

/** What makes the page one that can be installed: pictures, and a worker that knows the page's files. */
function installable(): Plugin {
  const icons = { 'icon-192.png': 192, 'icon-512.png': 512 };
  const full = { 'icon-maskable.png': 512, 'apple-touch-icon.png': 180 };
  return {
    name: 'installable',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const [fileName, size] of Object.entries(icons)) this.emitFile({ type: 'asset', fileName, source: drawIcon(size) });
        for (const [fileName, size] of Object.entries(full)) {
          this.emitFile({ type: 'asset', fileName, source: drawIcon(size, { full: true }) });
        }
        const page = bundle['index.html'];
        noteScreens(bundle);
        fillWorker(bundle, page?.type === 'asset' ? String(page.source) : '');
      },
    },
  };
}

/** What every form is made of comes as one file: a dozen small ones weigh more in headers than in what they say. */
const FORMS = /src\/(ui\/(Ask|EmailField|Field|Icon|Notice|Outcome|PasswordField|Reference|Segmented|copying|explain|form|why)\b|lib\/codes)/;

/** The mock's address, or that of a real web-app. */
const proxy = { '/api': { target: process.env.WATTLINE_API ?? 'http://127.0.0.1:8080', changeOrigin: false } };

export default defineConfig(async () => ({
  resolve: { alias: { 'inter.woff2': await cutFont() } },
  plugins: [svelte(), preloadFont(), installable()],
  build: {
    target: 'es2022',
    // A data: URL for a font or script would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: 'index.html', worker: 'src/sw/worker.ts' },
      output: {
        // A worker is looked for at its own name, and cares for what lies beside it.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: 'forms', test: FORMS }],
        },
        entryFileNames: ({ name }: { name: string }) => (name === 'worker' ? WORKER : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { proxy },
  preview: { proxy },
}));
