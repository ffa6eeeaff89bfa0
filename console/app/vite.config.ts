/** How the page of the console is built: `npx vite build console/app`. The output is deterministic, so that CI can compare it. */
import path from 'node:path'
import { defineConfig } from 'vite'
import { licenses } from '../licenses.ts'

/**
 * Modules of the first load that views import too. In one file they are smaller than in one for each set of views that shares them.
 */
const FIRST_LOAD = new RegExp(
  [
    'node_modules/@?preact/',
    'console/app/(?:route|session)/',
    'console/app/api/(?:api|packages)\\.ts',
    'console/app/parts/(?:badge|button|dialog|empty-state|icon|method-kind|notice|stored|virtual-list|visible-range)\\.tsx?',
    '@bufbuild/protobuf/dist/esm/(?:descriptors|registry|is-message|create|from-binary|proto-int64)\\.js',
    '@bufbuild/protobuf/dist/esm/wire/(?:varint|text-encoding|binary-encoding|text-format)\\.js',
    '@bufbuild/protobuf/dist/esm/reflect/(?:scalar|unsafe|names|nested-types|guard|message)\\.js',
    '@bufbuild/protobuf/dist/esm/codegenv2/(?:boot|message|restore-json-names)\\.js',
    '@bufbuild/protobuf/dist/esm/wkt/(?:wrappers|google/protobuf/descriptor_pb)\\.js',
  ].join('|'),
)

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
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'base', test: FIRST_LOAD }] } } },
  },
})
