/** Serves the demo page: a few files, with headers that let it load nothing from anywhere else. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

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

/**
 * Adds the page at `/`. Each of its files is a route of its own, so that other paths stay free.
 *
 * @throws Error when the files are missing, as in a program that was bundled into one file
 */
export async function addDemoPage(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: pageFolder(),
    wildcard: false,
    cacheControl: false,
    setHeaders(reply) {
      reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-cache' })
    },
  })
}

/** The page as `npm run generate` writes it; the published package has it in the same place. */
function pageFolder(): string {
  // Bundlers leave no URL in CommonJS.
  const here: string | undefined = import.meta.url
  const folder = here && fileURLToPath(new URL('../../../client/web/dist/', here))
  if (folder && existsSync(folder)) return folder
  throw new Error('the files of the demo page are missing: start the server unbundled, or without its page')
}
