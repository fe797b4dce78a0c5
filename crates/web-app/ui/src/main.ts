import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import App from './App.svelte';
import { language } from './i18n';

document.documentElement.lang = language;
const target = document.getElementById('app');
if (target) mount(App, { target });

// A development server has no worker, and must not be served from one.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined));
}
