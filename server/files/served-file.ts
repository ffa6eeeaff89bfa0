/** Files that are made once, kept in memory and served with a tag of their content. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { chooseEncoding, FileContent } from './file-content.ts'

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
  /** Whether it is sent compressed to readers that accept it. Default: false. */
  readonly isCompressed?: boolean
  /** Makes the content, for the first request. */
  readonly content: () => string | Uint8Array | Promise<string | Uint8Array>
}

/** A file whose content may depend on who reads it. */
export interface ReaderFile extends Omit<ServedFile, 'content'> {
  /** Returns the content, which the caller keeps. */
  readonly content: (request: FastifyRequest) => FileContent | Promise<FileContent>
  /** Answers a request whose content could not be made. Default: status 500. */
  readonly fail?: (error: unknown, reply: FastifyReply) => FastifyReply
}

/** Adds a route for the file. Hooks of the server run for it as for other routes. */
export function addFile(app: FastifyInstance, file: ServedFile, access: FileAccess): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: file.path,
    handler: answerFile({ ...file, content: makeOnce(file) }, access),
  })
}

/** Adds a route for a file whose content may depend on who reads it. */
export function addReaderFile(app: FastifyInstance, file: ReaderFile, access: FileAccess): void {
  app.route({ method: ['GET', 'HEAD'], url: file.path, handler: answerFile(file, access) })
}

/** Answers the request of a route. */
export type AnswerFile = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Returns the handler of a route for the file. */
export function answerFile(file: ReaderFile, access: FileAccess): AnswerFile {
  return async (request, reply) => {
    try {
      if (!(await isAllowed(request, access))) return refuse(reply)
      const content = await file.content(request)
      return await sendContent(request, reply.headers(headersOf(file, access)), { ...file, content })
    } catch (error) {
      if (file.fail !== undefined) return file.fail(error, reply)
      access.onFault(error)
      return reply.code(500).header('cache-control', 'no-store').type(TEXT).send('the file could not be made\n')
    }
  }
}

const TEXT = 'text/plain; charset=utf-8'

/** Returns the content of a file, which is made at the first request. A failed attempt is repeated by the next one. */
export function makeOnce({ content }: Pick<ServedFile, 'content'>): () => Promise<FileContent> {
  let making: Promise<FileContent> | undefined
  const make = async () => new FileContent(await content())
  return () => {
    making ??= make().catch((error: unknown) => {
      making = undefined
      throw error
    })
    return making
  }
}

async function isAllowed({ ip = '', headers }: FastifyRequest, { authorize }: FileAccess): Promise<boolean> {
  return authorize === undefined || (await authorize({ address: ip, headers })) === true
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply.code(403).header('cache-control', 'no-store').type(TEXT).send('not for this caller\n')
}

/** Caches must ask each time whether the file is still current, and shared ones must not answer other callers. */
function headersOf(
  { contentType, headers, isCompressed }: Omit<ServedFile, 'content'>,
  { authorize }: FileAccess,
): Record<string, string> {
  return {
    'content-type': contentType,
    'cache-control': authorize === undefined ? 'no-cache' : 'private, no-cache',
    'x-content-type-options': 'nosniff',
    ...(isCompressed && { vary: 'accept-encoding' }),
    ...headers,
  }
}

/** What is sent. */
interface Sent {
  readonly content: FileContent
  readonly isCompressed?: boolean
}

async function sendContent(
  request: FastifyRequest,
  reply: FastifyReply,
  { content, isCompressed = false }: Sent,
): Promise<FastifyReply> {
  const encoding = isCompressed ? chooseEncoding(request.headers['accept-encoding']) : null
  const etag = content.etagFor(encoding)
  reply.header('etag', etag)
  if (hasCurrent(request.headers['if-none-match'], etag)) return reply.code(304).send()
  if (encoding === null) return reply.send(content.plain)
  const encoded = await content.encoded(encoding)
  return reply.header('content-encoding', encoding).send(encoded)
}

/** Whether the tags of `If-None-Match` include one. They are compared weakly (RFC 9110, section 13.1.2). */
function hasCurrent(tags: string | undefined, etag: string): boolean {
  if (tags === undefined) return false
  return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
