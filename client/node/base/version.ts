/** The version of this package. */
import { createRequire } from 'node:module'

const manifest: { readonly version: string } = createRequire(import.meta.url)('portico/package.json')

/** As in package.json, which is found by the package's own name: from the sources and from what is published. */
export const version: string = manifest.version
