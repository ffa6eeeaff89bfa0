/** Finds pino, which comes with Fastify. */
import { createRequire } from 'node:module'

/** What the logger uses of pino. */
export type Pino = Pick<typeof import('pino'), 'destination' | 'pino' | 'stdSerializers' | 'symbols'>

/**
 * Loads pino, from Fastify's own packages if need be: pnpm and Yarn hide the dependencies of dependencies. The import comes first,
 * because bundlers follow it.
 *
 * @throws Error when there is no Fastify either
 */
export async function loadPino(): Promise<Pino> {
  return import('pino').then(moduleOf, () => {
    const fastify = createRequire(import.meta.url).resolve('fastify')
    return createRequire(fastify)('pino')
  })
}

/** Bundlers give an import of CommonJS nothing but its default. */
function moduleOf({ default: pino }: { readonly default: Pino }): Pino {
  return pino
}
