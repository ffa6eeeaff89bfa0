/** The process edge of `node server`: arguments and environment in, signals and exit codes out. */
import { COMPRESSIONS } from '../wire/compression/compression-choice.ts'
import type { Config, TlsConfig } from './config/config.ts'
import { loadConfig } from './config/load-config.ts'
import { createDemo } from './demo.ts'
import { onCrash } from './lifecycle/on-crash.ts'
import { onSignals, SIGNAL_EXIT_CODES } from './lifecycle/on-signals.ts'
import type { OnePortOptions } from './listen/one-port-options.ts'
import { normalizeTlsOptions } from './listen/tls/normalize-tls-options.ts'
import { readCertificates, type TlsPart } from './listen/tls/read-certificates.ts'
import type { TlsOptions } from './listen/tls/tls-options.ts'
import { createLogger } from './telemetry/logger.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** How long the last lines of the log may take. */
const FLUSH_MS = 1_000

/** What the end of a crash may take beyond the drain. */
const CRASH_MARGIN_MS = 1_000

await main()

async function main(): Promise<void> {
  const loaded = loadConfig(process.argv.slice(2), process.env)
  if (loaded.kind === 'text') {
    process.stdout.write(`${loaded.text}\n`)
  } else if (loaded.kind === 'faults') {
    process.stderr.write(`${loaded.faults.join('\n')}\nTry --help.\n`)
    process.exitCode = EXIT_USAGE
  } else {
    await serve(loaded.config).catch(failToStart)
  }
}

async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.log)
  const { limits, services, drain } = config
  const app = await createDemo({
    listen: listenOptions(config),
    logger,
    lane: services.lane,
    cors: { origins: config.cors.origins },
    servesHealth: services.servesHealth,
    servesReflection: services.servesReflection,
    servesPage: services.servesPage,
    readMaxBytes: limits.maxReceiveBytes,
    ...(limits.decodeBudgetBytes === 0 ? {} : { decodeBudgetBytes: limits.decodeBudgetBytes }),
    writeMaxBytes: limits.maxSendBytes,
    ...(services.hasBrotli && { acceptCompression: COMPRESSIONS }),
  })
  let hasCrashed = false
  onSignals({
    onDrain(signal) {
      logger.info({ signal, drainTimeoutMs: drain.timeoutMs }, 'draining; a second signal ends at once')
      app.drain(drain.delayMs).then((isClean) => exit(isClean && !hasCrashed ? 0 : EXIT_FAILURE), exitFailed)
    },
    onForce: (signal) => exit(SIGNAL_EXIT_CODES[signal as keyof typeof SIGNAL_EXIT_CODES]),
  })
  onCrash({
    log: (error) => logger.fatal({ err: error }, 'an error that nothing caught; draining'),
    drain() {
      hasCrashed = true
      return app.drain()
    },
    exit: () => exit(EXIT_FAILURE),
    timeoutMs: drain.timeoutMs + CRASH_MARGIN_MS,
  })
  // Without TLS the signal ends the process, as it does by default.
  if (config.listen.tls !== null) process.on('SIGHUP', () => app.reloadCertificates())
  await app.fastify.listen({ port: config.listen.port, host: config.listen.host })

  function exitFailed(error: unknown): void {
    logger.error({ err: error }, 'the drain failed')
    exit(EXIT_FAILURE)
  }

  function exit(code: number): void {
    logger.info({ code }, 'stopped')
    const leave = () => process.exit(code)
    // A reader of the log that has stopped reading does not hold up the end.
    setTimeout(leave, FLUSH_MS)
    logger.flush(leave)
  }
}

function listenOptions({ listen, limits, timeouts, drain }: Config): OnePortOptions {
  const common = {
    ...(listen.allowedHosts === null ? {} : { allowedHosts: listen.allowedHosts }),
    maxConnections: limits.maxConnections,
    maxConnectionsPerAddress: limits.maxConnectionsPerAddress,
    maxConcurrentStreams: limits.maxConcurrentStreams,
    maxHeaderListBytes: limits.maxHeaderListBytes,
    sniffTimeoutMs: timeouts.handshakeMs,
    handshakeTimeoutMs: timeouts.handshakeMs,
    headerTimeoutMs: timeouts.headerMs,
    requestTimeoutMs: timeouts.requestMs,
    stallTimeoutMs: timeouts.stallMs,
    keepAliveTimeoutMs: timeouts.keepAliveMs,
    idleTimeoutMs: timeouts.idleMs,
    maxTimeoutMs: timeouts.maxCallMs,
    drainTimeoutMs: drain.timeoutMs,
    http2: { resetBurst: limits.resetBurst, processBufferBytes: limits.processBufferBytes },
  }
  if (listen.tls === null) return common
  const tls = tlsOptions(listen.tls)
  // The port reads them itself; what is wrong at start is told by the names of the flags.
  readCertificates(normalizeTlsOptions(tls).resolved, flagOf)
  return { ...common, tls, allowsCleartext: listen.tls.allowsCleartext }
}

function tlsOptions({ certificates, passphrasePath, caPath, minVersion }: TlsConfig): TlsOptions {
  const secret = passphrasePath === null ? {} : { passphraseFile: passphrasePath }
  return {
    certificates: certificates.map(({ certPath, keyPath }) => ({ certFile: certPath, keyFile: keyPath, ...secret })),
    ...(caPath === null ? {} : { caFile: caPath }),
    minVersion: `TLSv${minVersion}`,
  }
}

function flagOf(part: TlsPart): string {
  return part === 'passphrase' ? '--tls-passphrase-file' : `--tls-${part}`
}

/** Faults of the machine are told in a sentence: a port in use, a file that cannot be read. */
function failToStart(error: NodeJS.ErrnoException & { port?: number; address?: string }): void {
  const { address = 'the address', port = '' } = error
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is in use: stop what listens there, or choose another port with --port`,
    EACCES: `${where} may not be used by this user: choose a port above 1023 with --port`,
    EADDRNOTAVAIL: `${where} is no address of this machine: choose another with --host`,
    ENOTFOUND: 'the name given with --host is not known',
  }
  process.stderr.write(`${sentences[error.code ?? ''] ?? error.message}\n`)
  process.exit(EXIT_FAILURE)
}
