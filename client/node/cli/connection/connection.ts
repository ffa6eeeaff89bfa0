/** Flags that say how to reach a server, and the transport options for them. */
import { readFile } from 'node:fs/promises'
import type { Interceptor } from '@connectrpc/connect'
import { waitForReady } from '../../rpc/wait-for-ready.ts'
import type { TlsOptions } from '../../tls/tls-options.ts'
import { normalizeTransportOptions, PROTOCOLS, type Protocol, type TransportOptions } from '../../transport-options.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { readDurationMs, readSizeBytes } from '../arguments/flag-values.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { UsageError } from '../terminal/program-errors.ts'
import { channelFlags, readChannelFlags, retryFlags } from './channel-flags.ts'
import { addHeaders, parseHeader } from './headers.ts'
import { openRegistry } from './known-resolvers.ts'
import { parseAddress } from './parse-address.ts'

/** The flags of every command that connects to a server. */
export const dialFlags = {
  plaintext: { type: 'boolean', help: 'no TLS for an address without http://' },
  tls: { type: 'boolean', help: 'TLS, which is the default for an address without http://' },
  insecure: { type: 'boolean', help: 'TLS that accepts any certificate' },
  ca: { type: 'string', placeholder: 'FILE', help: 'PEM certificates to trust instead of the well-known ones' },
  cert: { type: 'string', placeholder: 'FILE', help: "this client's PEM certificate, with --key" },
  key: { type: 'string', placeholder: 'FILE', help: 'the PEM key of --cert' },
  authority: { type: 'string', placeholder: 'HOST', help: 'host that requests name and the certificate must match' },
  servername: { type: 'string', placeholder: 'HOST', help: 'host that the certificate must match' },
  ...channelFlags,
} as const satisfies FlagTable

/** The flags of every command that calls a server. */
export const connectionFlags = {
  protocol: {
    type: 'string',
    placeholder: 'NAME',
    choices: PROTOCOLS,
    help: `${PROTOCOLS.join(', ')} (default grpc)`,
  },
  http: { type: 'string', placeholder: '1|2', choices: ['1', '2'], help: 'HTTP version (default 2; gRPC needs 2)' },
  header: {
    type: 'string',
    short: 'H',
    multiple: true,
    placeholder: "'NAME: VALUE'",
    help: 'request header; -bin in base64',
  },
  timeout: {
    type: 'string',
    placeholder: 'TIME',
    help: 'time limit of the whole command, such as 500ms, 5s or 2m (default none)',
  },
  'max-receive': { type: 'string', placeholder: 'SIZE', help: 'largest message to receive (default 4MiB)' },
  ...dialFlags,
  ...retryFlags,
  verbose: { type: 'boolean', short: 'v', help: 'show response headers and trailers' },
} as const satisfies FlagTable

/** The values of these flags. */
export type ConnectionValues = FlagValues<typeof connectionFlags>

const TLS_FLAGS = ['tls', 'insecure', 'ca', 'cert', 'key', 'servername'] as const

/**
 * Converts the flags to transport options.
 *
 * @param address as {@link parseAddress} reads it
 * @throws UsageError for values that are wrong or cannot be used together, and for files that cannot be read
 */
export async function readConnection(address: string, values: ConnectionValues): Promise<TransportOptions> {
  const [tlsFlag] = tlsFlagsOf(values)
  const { where, isTls } = parseAddress(address, { isPlaintext: values.plaintext ?? false, tlsFlag })
  const protocol = readProtocol(values.protocol ?? 'grpc')
  const registry = 'target' in where ? await openRegistry(where.target) : undefined
  return checked({
    ...where,
    ...(registry !== undefined && { target: registry.target, resolvers: [registry.resolver] }),
    ...(await readChannelFlags(values)),
    protocol,
    httpVersion: readHttpVersion(values.http ?? '2', protocol),
    interceptors: [
      addHeaders((values.header ?? []).map(parseHeader)),
      ...(values['wait-for-ready'] ? [waitingForReady] : []),
    ],
    ...(values.timeout !== undefined && { defaultTimeoutMs: readDurationMs('--timeout', values.timeout) }),
    ...(values['max-receive'] !== undefined && {
      readMaxBytes: readSizeBytes('--max-receive', values['max-receive']),
    }),
    ...(values.authority !== undefined && { authority: values.authority }),
    ...(isTls && { tls: await readTls(values) }),
  })
}

/** Returns the given flags that require TLS. */
export function tlsFlagsOf(values: ConnectionValues): string[] {
  return TLS_FLAGS.filter((name) => values[name] !== undefined).map((name) => `--${name}`)
}

const waitingForReady: Interceptor = (next) => (request) => {
  request.contextValues.set(waitForReady, true)
  return next(request)
}

/** Invalid options come from invalid flags. */
function checked(options: TransportOptions): TransportOptions {
  try {
    normalizeTransportOptions(options)
    return options
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function readProtocol(name: string): Protocol {
  const protocol = PROTOCOLS.find((known) => known === name)
  if (protocol === undefined) throw new UsageError(`--protocol "${name}" must be one of ${PROTOCOLS.join(', ')}`)
  return protocol
}

function readHttpVersion(text: string, protocol: Protocol): '1.1' | '2' {
  if (text !== '1' && text !== '1.1' && text !== '2') throw new UsageError(`--http "${text}" must be 1 or 2`)
  if (text === '2') return '2'
  if (protocol === 'grpc') {
    throw new UsageError(
      `--http ${text} and gRPC cannot be used together: use --protocol grpc-web or connect, or --http 2`,
    )
  }
  return '1.1'
}

async function readTls(values: ConnectionValues): Promise<TlsOptions> {
  if (values.insecure && values.ca !== undefined) throw new UsageError('--insecure and --ca cannot be used together')
  if ((values.cert === undefined) !== (values.key === undefined)) throw new UsageError('--cert and --key go together')
  const servername = values.servername ?? hostOf(values.authority)
  return {
    ...(values.ca !== undefined && { ca: await readFlagFile('--ca', values.ca) }),
    ...(values.cert !== undefined && { cert: await readFlagFile('--cert', values.cert) }),
    ...(values.key !== undefined && { key: await readFlagFile('--key', values.key) }),
    ...(servername !== undefined && { servername }),
    ...(values.insecure && { insecure: true }),
  }
}

/** The host of an authority, without its port. */
function hostOf(authority: string | undefined): string | undefined {
  if (authority === undefined) return undefined
  if (!URL.canParse(`https://${authority}`))
    throw new UsageError(`--authority "${authority}" must be host or host:port`)
  return new URL(`https://${authority}`).hostname
}

async function readFlagFile(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new UsageError(`${flag} ${file} cannot be read`, { cause })
  }
}
