/** Serves the demo page: a few files, with headers that let it load nothing from anywhere else. */
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The bundle, as `npm run generate` writes it; it stands at the same place in the published package. */
const BUNDLE = fileURLToPath(new URL('../../client/web/dist/', import.meta.url))

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Adds the page at `/`. Each of its files is a route of its own, so that other paths stay free. */
export async function addDemoPage(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: BUNDLE,
    wildcard: false,
    cacheControl: false,
    setHeaders(reply) {
      reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-cache' })
    },
  })
}
