/** Connect's own packages for Fastify and Node, which only the reference lane needs. They are optional peers of the package. */
import type { fastifyConnectPlugin } from '@connectrpc/connect-fastify'
import type { compressionBrotli, compressionGzip } from '@connectrpc/connect-node'

/** What the reference lane uses of them. */
export interface ConnectPackages {
  readonly fastifyConnectPlugin: typeof fastifyConnectPlugin
  readonly compressionGzip: typeof compressionGzip
  readonly compressionBrotli: typeof compressionBrotli
}

/**
 * Loads the packages.
 *
 * @throws Error that says what to install when one of them is missing
 */
export async function loadConnectPackages(): Promise<ConnectPackages> {
  // With a handler of its own, each import stays optional for bundlers, which warn instead of failing.
  const { fastifyConnectPlugin } = await import('@connectrpc/connect-fastify').catch(explainMissing)
  const { compressionGzip, compressionBrotli } = await import('@connectrpc/connect-node').catch(explainMissing)
  return { fastifyConnectPlugin, compressionGzip, compressionBrotli }
}

function explainMissing(cause: unknown): never {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
  if (!isMissing) throw cause
  throw new Error(
    'lane is reference, but @connectrpc/connect-fastify or @connectrpc/connect-node is not installed: ' +
      'run "npm install @connectrpc/connect-fastify @connectrpc/connect-node", or leave out lane',
    { cause },
  )
}
