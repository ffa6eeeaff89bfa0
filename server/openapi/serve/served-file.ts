/** Files that are made once, kept in memory and served with a tag of their content. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** A request for a file. */
export interface FileReader {
  /** The address of the caller, behind trusted proxies too; empty on a Unix socket. */
  readonly address: string
  readonly headers: FastifyRequest['headers']
}

/** Decides whether a caller may read the files. What it throws refuses the request. */
export type AuthorizeFileReader = (reader: FileReader) => boolean | Promise<boolean>

/** Who may read files, and where errors go. */
export interface FileAccess {
  /** Default: all callers. */
  readonly authorize: AuthorizeFileReader | undefined
  /** Receives the error of a file that could not be made. Must not throw. */
  readonly onFault: (error: unknown) => void
}

/** A file. */
export interface ServedFile {
  readonly path: string
  readonly contentType: string
  readonly headers?: Readonly<Record<string, string>>
  /** Makes the content, for the first request. */
  readonly content: () => string | Uint8Array | Promise<string | Uint8Array>
}

interface Content {
  readonly body: Buffer
  readonly etag: string
}

/** Adds a route for the file. Hooks of the server run for it as for other routes. */
export function addFile(app: FastifyInstance, file: ServedFile, access: FileAccess): void {
  let making: Promise<Content> | undefined
  const contentOf = () => {
    // A failed attempt is repeated by the next request.
    making ??= make(file).catch((error: unknown) => {
      making = undefined
      throw error
    })
    return making
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: file.path,
    async handler(request, reply) {
      try {
        if (!(await isAllowed(request, access))) return refuse(reply)
        return answer(request, reply.headers(headersOf(file, access)), await contentOf())
      } catch (error) {
        access.onFault(error)
        return reply.code(500).header('cache-control', 'no-store').type(TEXT).send('the file could not be made\n')
      }
    },
  })
}

const TEXT = 'text/plain; charset=utf-8'

async function make({ content }: ServedFile): Promise<Content> {
  const made = await content()
  const body = typeof made === 'string' ? Buffer.from(made) : Buffer.from(made.buffer, made.byteOffset, made.byteLength)
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

async function isAllowed({ ip = '', headers }: FastifyRequest, { authorize }: FileAccess): Promise<boolean> {
  return authorize === undefined || (await authorize({ address: ip, headers })) === true
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply.code(403).header('cache-control', 'no-store').type(TEXT).send('not for this caller\n')
}

/** Caches must ask each time whether the file is still current, and shared ones must not answer other callers. */
function headersOf({ contentType, headers }: ServedFile, { authorize }: FileAccess): Record<string, string> {
  return {
    'content-type': contentType,
    'cache-control': authorize === undefined ? 'no-cache' : 'private, no-cache',
    'x-content-type-options': 'nosniff',
    ...headers,
  }
}

function answer(request: FastifyRequest, reply: FastifyReply, { body, etag }: Content): FastifyReply {
  reply.header('etag', etag)
  return hasCurrent(request.headers['if-none-match'], etag) ? reply.code(304).send() : reply.send(body)
}

/** Whether the tags of `If-None-Match` include one. They are compared weakly (RFC 9110, section 13.1.2). */
function hasCurrent(tags: string | undefined, etag: string): boolean {
  if (tags === undefined) return false
  return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
