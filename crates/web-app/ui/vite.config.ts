import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { cutFont } from './scripts/font.mjs';

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

/** The mock's address, or that of a real web-app. */
const proxy = { '/api': { target: process.env.WATTLINE_API ?? 'http://127.0.0.1:8080', changeOrigin: false } };

export default defineConfig(async () => ({
  resolve: { alias: { 'inter.woff2': await cutFont() } },
  plugins: [svelte(), preloadFont()],
  build: {
    target: 'es2022',
    // A data: URL for a font or script would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy },
  preview: { proxy },
}));
