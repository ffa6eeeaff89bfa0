/** The page that shows an OpenAPI document: Scalar, from the package `portico-console`. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { addFile, type FileAccess } from '../../files/served-file.ts'

/** The page, and what it shows. */
export interface ReferencePage {
  /** Where the page is: `/docs`. */
  readonly path: string
  readonly title: string
  /** The path of the document, from the root of the server. */
  readonly documentPath: string
  /** The file of Scalar, from {@link findScalar}. */
  readonly scriptFile: string
}

/**
 * The page loads nothing from other origins, and sends requests to no others. Scalar creates elements of style; without anywhere to
 * send to, and with scripts from this origin only, they cannot do harm.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
}

/** Turns off all that Scalar would load from its own servers, or send there. */
const QUIET = {
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
  persistAuth: false,
}

/**
 * Finds the file of Scalar.
 *
 * @param from the module, or the folder, whose packages are searched. Default: Portico
 * @throws Error that says what to install
 */
export function findScalar(from: string | URL = import.meta.url): string {
  try {
    return createRequire(from).resolve('portico-console/scalar.js')
  } catch (cause) {
    throw new Error('openapi.docs needs the package portico-console: npm install portico-console', { cause })
  }
}

/** Adds the page and its script to the routes of a server. */
export function addReferencePage(app: FastifyInstance, page: ReferencePage, access: FileAccess): void {
  const script = `${page.path}/scalar.js`
  addFile(
    app,
    {
      path: page.path,
      contentType: 'text/html; charset=utf-8',
      headers: HEADERS,
      content: () => htmlOf(page, app.prefix + script),
    },
    access,
  )
  addFile(
    app,
    {
      path: script,
      contentType: 'text/javascript; charset=utf-8',
      // Every browser accepts gzip, and the file is 4 times as large without it.
      headers: { 'content-encoding': 'gzip' },
      content: async () => promisify(gzip)(await readFile(page.scriptFile)),
    },
    access,
  )
}

function htmlOf({ title, documentPath }: ReferencePage, script: string): string {
  const configuration = attribute(JSON.stringify({ ...QUIET, url: documentPath }))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(title)}</title>
</head>
<body>
<script id="api-reference" data-configuration="${configuration}"></script>
<script src="${attribute(script)}"></script>
</body>
</html>
`
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
