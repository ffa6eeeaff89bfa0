/** How the page of the console is built: `npx vite build console/app`. The output is deterministic, so that CI can compare it. */
import path from 'node:path'
import { defineConfig } from 'vite'
import { licenses } from '../licenses.ts'

export default defineConfig({
  root: import.meta.dirname,
  // Relative, as a server may have a prefix.
  base: './',
  plugins: [licenses()],
  // What NODE_ENV says must not change the output.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: path.join(import.meta.dirname, 'dist'),
    emptyOutDir: true,
    // The first versions with `light-dark()`, the newest feature that the page needs.
    target: ['chrome123', 'firefox124', 'safari17.5'],
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
