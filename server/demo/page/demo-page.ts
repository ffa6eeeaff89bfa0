/** Serves the demo page: a few files, with headers that let it load nothing from anywhere else. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
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

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/** Where `npm run generate` writes the page. */
const FOLDER = new URL('../../../client/web/dist/', import.meta.url)

/** The path of the console by default, and a file that it has. */
const CONSOLE = 'console/'
const CONSOLE_FACTS = `/${CONSOLE}facts.json`

/** Adds the page at `/`. Each of its files is a route of its own, so that other paths stay free. */
export async function addDemoPage(app: FastifyInstance): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const content = await readFile(new URL(name, FOLDER))
    const file = name === 'index.html' ? pageFile(app, content) : () => content
    addFile(app, `/${name}`, file)
    if (name === 'index.html') addFile(app, '/', file, name)
  }
}

/** The markup, which says where the console is. Whether there is one is known once all routes are. */
function pageFile(app: FastifyInstance, content: Buffer): () => Buffer {
  const withConsole = Buffer.from(content.toString().replace('<html ', `<html data-console="${CONSOLE}" `))
  return () => (app.hasRoute({ method: 'GET', url: CONSOLE_FACTS }) ? withConsole : content)
}

/** Serves one file from memory. Its tag is of its content, so it holds for every server with the same page. */
function addFile(app: FastifyInstance, path: string, file: () => Buffer, name = path): void {
  app.get(path, (request, reply) => {
    const content = file()
    const etag = tagOf(content)
    reply.headers({ ...HEADERS, 'content-type': CONTENT_TYPES[extname(name)], etag })
    if (request.headers['if-none-match']?.includes(etag)) reply.code(304).send()
    else reply.send(content)
  })
}

const tags = new WeakMap<Buffer, string>()

/** Files stay as they are, so each is hashed once. */
function tagOf(content: Buffer): string {
  const known = tags.get(content) ?? `"${createHash('sha256').update(content).digest('base64url')}"`
  tags.set(content, known)
  return known
}
