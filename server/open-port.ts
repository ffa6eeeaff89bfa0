/** Opens the port of a server that `serve` runs, and says where it listens. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyListenOptions } from 'fastify'
import type { App } from './app.ts'
import type { OptionValues } from './config/option-table.ts'
import type { ServeSettings } from './serve-options.ts'
import type { WorkerRole } from './serve-workers.ts'
import { serverBanner } from './server-banner.ts'
import { StartFailure } from './start-failure.ts'

/** What decides where a server listens, and how it says so. */
export interface PortToOpen {
  /** Code, command line and environment together. */
  readonly settings: ServeSettings
  readonly values: OptionValues
  /** Undefined in a server of one process. */
  readonly worker: WorkerRole | undefined
}

/**
 * Listens. A person at a terminal sees the banner, and the log says it otherwise; a worker leaves that to the primary, so that it is said
 * once.
 *
 * @returns the address
 * @throws StartFailure if the port cannot be opened
 */
export async function openPort(app: App, { settings, values, worker }: PortToOpen): Promise<string> {
  const isWatched = isWatchedByPerson(settings, values)
  const { fastify } = app
  const lines: string[] = []
  const note = (at: string) => {
    lines.push(`Server listening at ${at}`)
    return ''
  }
  const resume = isWatched || worker !== undefined ? withoutEmptyLines(fastify) : undefined
  const address = await listen(fastify, {
    port: worker?.port ?? values.port,
    host: values.host,
    ...(resume && { listenTextResolver: note }),
  }).finally(resume)
  const banner = isWatched ? await bannerOf(app, { settings, worker }) : undefined
  if (worker !== undefined)
    worker.process.serves({ lines, port: (fastify.server.address() as AddressInfo).port, banner })
  else if (banner !== undefined) process.stdout.write(banner)
  return address
}

function bannerOf(app: App, { settings, worker }: Pick<PortToOpen, 'settings' | 'worker'>): Promise<string> {
  return serverBanner({
    ...app,
    options: settings,
    startedAtMs: worker?.startedAtMs ?? performance.timeOrigin,
    processes: worker?.count ?? 1,
  })
}

/** Whether the log goes to a terminal in lines for a person, and says that the server listens. */
function isWatchedByPerson({ logger, ownsProcess }: ServeSettings, values: OptionValues): boolean {
  const { 'log-format': format, 'log-level': level } = values
  const isShown = format !== 'json' && ['trace', 'debug', 'info'].includes(level)
  return isShown && (logger ?? true) === true && ownsProcess !== false && process.stdout.isTTY
}

/** Fastify logs each address that it listens on, also without a text. Returns a function that ends this. */
function withoutEmptyLines({ log }: FastifyInstance): () => void {
  const { info } = log
  log.info = (...given: unknown[]) => {
    if (given[0] !== '') Reflect.apply(info, log, given)
  }
  return () => {
    log.info = info
  }
}

async function listen(fastify: FastifyInstance, options: FastifyListenOptions): Promise<string> {
  try {
    return await fastify.listen(options)
  } catch (error) {
    const { port, host = '' } = options
    const { code, message } = error as NodeJS.ErrnoException
    const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const sentences: Readonly<Record<string, string>> = {
      EADDRINUSE: `${where} is in use: stop what listens there, or choose another port with --port`,
      EACCES: `${where} needs more privileges: choose a port above 1023 with --port`,
      EADDRNOTAVAIL: `${where} is not an address of this machine: choose another with --host`,
      ENOTFOUND: `${host} cannot be resolved: choose another name with --host`,
    }
    throw new StartFailure(sentences[code ?? ''] ?? message, { cause: error })
  }
}
