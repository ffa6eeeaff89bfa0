/** The files of the page: where they are, and how they are served. */
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import {
  type AnswerFile,
  addFile,
  answerFile,
  type FileAccess,
  makeOnce,
  type ServedFile,
} from '../files/served-file.ts'

/** The page loads nothing from other origins, and sends requests to no others. `connect-src 'self'` includes WebSockets. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The headers of all files of the console. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** The name of such a file has a hash of its content. */
const HASHED = /^assets\/.*-[\w-]{8}\.\w+$/

const INDEX = 'index.html'

/** A file of the page. */
export interface PageFile {
  /** With slashes, from the folder of the page. */
  readonly name: string
  readonly content: Buffer
}

/**
 * Finds the folder of the page in the package `portico-console`.
 *
 * @param from the module, or the folder, whose packages are searched. Default: Portico
 * @throws Error that says what to install
 */
export function findPage(from: string | URL = import.meta.url): string {
  try {
    return path.dirname(createRequire(from).resolve('portico-console/app/index.html'))
  } catch (cause) {
    throw new Error('console needs the package portico-console: npm install portico-console', { cause })
  }
}

/**
 * Reads the files of the page.
 *
 * @throws Error if the folder cannot be read or has no page
 */
export async function readPage(folder: string): Promise<readonly PageFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new Error(`console: ${folder} cannot be read`, { cause })
  })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name))
  const files = paths.map(async (file) => ({
    name: path.relative(folder, file).replaceAll(path.sep, '/'),
    content: await readFile(file),
  }))
  const read = await Promise.all(files)
  if (!read.some(({ name }) => name === INDEX)) throw new Error(`console: ${folder} has no ${INDEX}`)
  return read
}

/** Adds a route for each file, so that other paths stay free. */
export function addPage(app: FastifyInstance, base: string, files: readonly PageFile[], access: FileAccess): void {
  for (const file of files) {
    const served = servedFile(`${base}/${file.name}`, file, access)
    if (file.name === INDEX) addIndex(app, base, answerFile({ ...served, content: makeOnce(served) }, access))
    else addFile(app, served, access)
  }
}

/** The page is at the path with a slash, as its links are relative. Where Fastify ignores it, both paths are one route. */
function addIndex(app: FastifyInstance, base: string, answer: AnswerFile): void {
  const { ignoreTrailingSlash, routerOptions } = app.initialConfig as SlashOptions
  const isIgnored = ignoreTrailingSlash || routerOptions?.ignoreTrailingSlash
  const handler: AnswerFile = async (request, reply) => {
    const [path = '', query] = request.url.split('?', 2)
    if (path.endsWith('/')) return answer(request, reply)
    // Relative, as a proxy may have a prefix of its own.
    const location = `${base.slice(base.lastIndexOf('/') + 1)}/${query === undefined ? '' : `?${query}`}`
    return reply.code(307).headers({ location, 'cache-control': 'no-cache' }).send()
  }
  for (const url of isIgnored ? [base] : [base, `${base}/`]) app.route({ method: ['GET', 'HEAD'], url, handler })
}

/** Where Fastify has the option. */
interface SlashOptions {
  readonly ignoreTrailingSlash?: boolean
  readonly routerOptions?: { readonly ignoreTrailingSlash?: boolean }
}

function servedFile(url: string, { name, content }: PageFile, { authorize }: FileAccess): ServedFile {
  const contentType = CONTENT_TYPES[path.extname(name)] ?? 'application/octet-stream'
  // Shared caches must not answer callers that may not read the page.
  const immutable = {
    'cache-control': `${authorize === undefined ? 'public' : 'private'}, max-age=31536000, immutable`,
  }
  return {
    path: url,
    contentType,
    headers: { ...PAGE_HEADERS, ...(HASHED.test(name) && immutable) },
    isCompressed: !contentType.startsWith('font/'),
    content: () => content,
  }
}
