/** Who may read the page of metrics: it shows the names of methods, how often they are called, and how loaded the server is. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList } from 'node:net'

/** A request for the page. */
export interface MetricsReader {
  /** The address of the caller, behind trusted proxies too; empty on a Unix socket. */
  readonly address: string
  readonly headers: IncomingHttpHeaders
}

/** Decides about a request for the page. */
export type AuthorizeReader = (reader: MetricsReader) => boolean | Promise<boolean>

/** Why a request is refused; null: it is not. */
export type Refusal = null | 'token' | 'forbidden'

/** Decides about requests. */
export type Access = (reader: MetricsReader) => Refusal | Promise<Refusal>

/** How the page is protected. */
export interface AccessOptions {
  readonly authorize: AuthorizeReader | undefined
  /** A file with the token that readers send. */
  readonly tokenFile: string | undefined
  /** Whether the page has a port of its own, whose address decides who can reach it. */
  readonly hasOwnPort: boolean
}

/** Access as configured, and what reads its files again. */
export interface ConfiguredAccess {
  readonly access: Access
  /** Reads the token again; undefined without a file. Throws if that is not possible, and keeps the token that it had. */
  readonly reload: (() => void) | undefined
}

/**
 * Without options, callers on this machine may read the page, and all that reach a port of its own.
 *
 * @throws Error if the file of the token cannot be read or is empty
 */
export function configureAccess({ authorize, tokenFile, hasOwnPort }: AccessOptions): ConfiguredAccess {
  if (tokenFile !== undefined) {
    let digest = tokenDigest(tokenFile)
    const access: Access = async (reader) => {
      if (!hasToken(reader, digest)) return 'token'
      return authorize === undefined || (await authorize(reader)) ? null : 'forbidden'
    }
    return {
      access,
      reload: () => {
        digest = tokenDigest(tokenFile)
      },
    }
  }
  if (authorize !== undefined)
    return { access: async (reader) => ((await authorize(reader)) ? null : 'forbidden'), reload: undefined }
  return { access: (reader) => (hasOwnPort || isLocal(reader) ? null : 'forbidden'), reload: undefined }
}

function tokenDigest(file: string): Buffer {
  const token = readFileSync(file, 'utf8').trim()
  if (token === '') throw new Error(`the file of the token for metrics, ${file}, is empty`)
  return digestOf(token)
}

/** Digests have one length, so that the comparison takes the same time for every token. */
function hasToken({ headers }: MetricsReader, digest: Buffer): boolean {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  return token !== undefined && timingSafeEqual(digestOf(token), digest)
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** A proxy on this machine is not the caller. If it is trusted, the address is that of the caller already. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'via'] as const

function isLocal({ address, headers }: MetricsReader): boolean {
  if (FORWARDING.some((name) => headers[name] !== undefined)) return false
  if (address === '') return true
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return LOOPBACK.check(bare, bare.includes(':') ? 'ipv6' : 'ipv4')
}
