// vite.config.ts — how the pages are built: every page a folder with an index.html, and one service worker for
// all of them. Knows: folders and what is kept for offline use. Must not know: what a page does, or the relay.
import { join } from 'node:path'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

const pages = ['notebook', 'stock', 'notes']

export default defineConfig({
  root: import.meta.dirname,
  // Relative: they may lie under a path prefix, which the build does not know.
  base: './',
  resolve: {
    // The package by its own name, from its sources, so that the development server needs no build.
    alias: Object.fromEntries(
      ['client', 'react', 'types'].map((entry) => [
        `syncline/${entry}`,
        join(import.meta.dirname, '..', entry, 'index.ts'),
      ]),
    ),
  },
  build: {
    outDir: join(import.meta.dirname, '../dist/pages'),
    emptyOutDir: true,
    // An inlined asset is a data: URL, which the relay's content security policy does not let through.
    assetsInlineLimit: 0,
    rolldownOptions: {
      // `use client` is for those who render on a server, and says nothing to a bundle.
      onwarn: (warning, warn) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning)
      },
      input: Object.fromEntries(
        ['', ...pages].map((page) => [page || 'forward', join(import.meta.dirname, page, 'index.html')]),
      ),
    },
  },
  plugins: [
    VitePWA({
      strategies: 'generateSW',
      // A new version takes over at once, but no open page is reloaded under the hands of who types in it. What a
      // page may ask for later it has asked for ahead: of an old version nothing is to be had by then. The notebook
      // says that a new one is there.
      registerType: 'autoUpdate',
      // The pages register the worker themselves, and say so in words where that fails.
      injectRegister: false,
      manifest: false,
      workbox: {
        globPatterns: ['**/*.{html,js,css,svg,webmanifest}'],
        inlineWorkboxRuntime: true,
        skipWaiting: true,
        clientsClaim: true,
        cleanupOutdatedCaches: true,
        // `?doc=` names a document, not another page.
        ignoreURLParametersMatching: [/./],
        // `/stock/` is found by its index.html. `/stock` is a redirect of the relay, which offline nobody sends: the page
        // at the root leads further.
        navigateFallback: 'index.html',
        navigateFallbackAllowlist: [new RegExp(`/(?:${pages.join('|')})(?:\\?|$)`)],
      },
    }),
  ],
})
