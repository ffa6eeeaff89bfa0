/** The version of this package. */
import { createRequire } from 'node:module'

const manifest: { readonly version: string } = createRequire(import.meta.url)('portico/package.json')

/** As in package.json, found by the package's own name, so that it holds for the sources and for what is published. */
export const version: string = manifest.version
